import { managerLimits } from "../../facts/manager-limits.ts";
import { file } from "../../resources/file.ts";
import type { Resource } from "../../resources/resource.ts";
import { managedHeader } from "../managed-header.ts";

const path = "/etc/systemd/system.conf.d/50-slipway.conf";
// The hard limit is what kernels allow at most without fs.nr_open being raised. The soft one is for programs that know
// nothing of select(2)'s 1,024; https://0pointer.net/blog/file-descriptor-limits.html (2025-11-20).
const soft = "65536";
const hard = "1048576";

/**
 * Open files of services. By a drop-in of systemd's and not by pam_limits, which refuses every login where the limit
 * cannot be raised.
 */
export const fileLimits: readonly Resource[] = [
  file({
    path,
    content: `${managedHeader("open files of services")}[Manager]\nDefaultLimitNOFILE=${soft}:${hard}\n`,
  }),
  {
    key: "systemd default limits",
    reads: managerLimits.reads,
    compare(answers, changed) {
      const now = managerLimits.parse(managerLimits.reads.map((read) => answers.of(read)));
      const loaded = now === undefined || (now.softOpenFiles === soft && now.hardOpenFiles === hard);
      if (loaded && !changed.has(`file ${path}`)) return { state: "same" };
      return {
        state: "different",
        changes: [
          {
            verb: "run",
            what: "systemd default limits",
            ...(now === undefined ? {} : { from: `open files ${now.softOpenFiles}:${now.hardOpenFiles}` }),
            to: `open files ${soft}:${hard}`,
            because: "systemd reads them when it is executed again; services keep running",
          },
        ],
        make: [{ kind: "run", argv: ["systemctl", "daemon-reexec"] }],
      };
    },
  },
];
