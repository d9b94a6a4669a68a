import { file } from "../../resources/file.ts";
import type { Resource } from "../../resources/resource.ts";
import { service } from "../../resources/service.ts";
import { managedHeader } from "../managed-header.ts";
import type { Distribution } from "./distribution.ts";

/**
 * chrony.conf. A name with "pool" among its labels stands for many servers, of which four are used; any other is one.
 */
function chronyConfig(timeServers: readonly string[], distribution: Distribution): string {
  const sources = timeServers.map((one) =>
    /(^|\.)pool\./.test(one) ? `pool ${one} iburst maxsources 4` : `server ${one} iburst`,
  );
  const { driftFile, keyFile } = distribution.chrony;
  return `${managedHeader("time servers of the cluster")}${sources.join("\n")}

driftfile ${driftFile}
keyfile ${keyFile}
ntsdumpdir /var/lib/chrony
logdir /var/log/chrony
# A clock that is more than one second off is stepped during the first three updates, and slewed from then on.
makestep 1.0 3
rtcsync
leapsectz right/UTC
maxupdateskew 100.0
`;
}

/** Lets chronyd run, measure and answer where the clock belongs to the machine around this one (a container). */
function chronyWithoutClock(distribution: Distribution): string {
  return `${managedHeader("this host may not set its clock (no CAP_SYS_TIME); chronyd only follows it")}[Unit]
ConditionCapability=

[Service]
ExecStart=
ExecStart=${distribution.chrony.command} -x
`;
}

/** Its configuration (unless no time servers are declared: then the distribution's own), and the daemon. */
export function chronyFiles(
  timeServers: readonly string[],
  distribution: Distribution,
  setsClock: boolean,
): Resource[] {
  const { config, unit } = distribution.chrony;
  const files: Resource[] = [];
  if (timeServers.length > 0) files.push(file({ path: config, content: chronyConfig(timeServers, distribution) }));
  if (!setsClock) files.push(file({ path: dropIn(unit), content: chronyWithoutClock(distribution) }));
  return files;
}

/** The daemon itself; comes after its package. */
export function chronyService(
  timeServers: readonly string[],
  distribution: Distribution,
  setsClock: boolean,
): Resource {
  const { config, unit } = distribution.chrony;
  return service({
    unit,
    loads: timeServers.length > 0 ? [config] : [],
    unitFiles: setsClock ? [] : [dropIn(unit)],
  });
}

function dropIn(unit: string): string {
  return `/etc/systemd/system/${unit}.d/10-slipway.conf`;
}
