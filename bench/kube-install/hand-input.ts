import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openBundle } from "../../src/artifacts/bundle.ts";
import { kubernetesImages } from "../../src/artifacts/kubernetes-images.ts";
import { neededArtifacts } from "../../src/artifacts/needed-artifacts.ts";
import type { RunEvent } from "../../src/engine/events.ts";
import type { ClusterSpec } from "../../src/spec/cluster-spec.ts";
import { isNode } from "../../src/spec/hosts-by-role.ts";
import { timedRun } from "../converge/timed-program.ts";
import type { Topology } from "../kill/kubernetes-file.ts";
import type { InstallMachines } from "./machines.ts";

/** What the script makes itself, because it is secret, or follows from what happens. */
const madeByHand =
  /^\/etc\/(etcd\/pki|kubernetes\/pki|kubernetes\/slipway\/(client|birth|manifests)|slipway\/pod-|cni\/|apt\/|fstab)/;
const parts = ["kube-proxy", "dns", "node-local-dns", "metrics-server"];
const kinds = [
  "serviceaccounts,configmaps,services,daemonsets,deployments,poddisruptionbudgets,clusterroles,clusterrolebindings",
  "roles,rolebindings,apiservices",
].join(",");

const machineNames = ({ hosts }: ClusterSpec, isMeant: (host: ClusterSpec["hosts"][number]) => boolean) =>
  hosts.flatMap((host) => (isMeant(host) ? [String(host.name)] : []));

/** Programs, packages and images of a bundle as files, once for all runs. */
export async function unpackBundle(bundle: string, folder: string): Promise<void> {
  const { index, partOf } = openBundle(bundle);
  mkdirSync(join(folder, "images"), { recursive: true });
  for (const artifact of index.artifacts) {
    if (artifact.kind === "package") continue;
    const { offsetBytes, sizeBytes } = partOf(artifact.sha256);
    const name = artifact.kind === "image" ? imageFile(artifact.name) : programFile(artifact.name);
    const from = createReadStream(bundle, { start: offsetBytes, end: offsetBytes + sizeBytes - 1 });
    await pipeline(from, createWriteStream(join(folder, name)));
  }
}

/** "kubernetes/v1.36.2/linux/amd64/kubeadm" → "kubeadm"; "packages/debian-12/amd64" → "packages.tar". */
function programFile(name: string): string {
  const words = name.split("/");
  return words[0] === "kubernetes" ? (words.at(-1) ?? name) : `${words[0]}.tar`;
}

function imageFile(ref: string): string {
  return `images/${ref.replaceAll(/[/:]/g, "_")}.tar`;
}

/**
 * What by-hand.sh is given, taken from machines where Slipway has just made the cluster: the configuration files it
 * wrote, the packages it installed, the objects it applied. `events` are of that run.
 */
export async function takeInput(
  { lab, spec }: InstallMachines,
  events: readonly RunEvent[],
  topology: Topology,
  folder: string,
): Promise<void> {
  for (const name of ["files", "packages", "images"]) mkdirSync(join(folder, name), { recursive: true });
  for (const host of spec.hosts) {
    const machine = String(host.name);
    const changed = events.flatMap((event) =>
      event.type === "step-changes" && event.step.endsWith(`/${machine}`) ? event.changes : [],
    );
    const named = (kind: string) =>
      [...new Set(changed.map(({ what }) => what))].flatMap((what) =>
        what.startsWith(`${kind} `) ? [what.slice(kind.length + 1)] : [],
      );
    const paths = named("file").filter((path) => path.startsWith("/etc/") && !madeByHand.test(path));
    const tar = `tar -C / -cf - ${paths.map((path) => path.slice(1)).join(" ")} | base64 -w0`;
    const { stdout } = await lab.exec(machine, ["sh", "-c", tar]);
    const [files, archive] = [join(folder, "files", machine), join(folder, `${machine}.tar`)];
    mkdirSync(files);
    writeFileSync(archive, Buffer.from(stdout, "base64"));
    await timedRun({ argv: ["tar", "-C", files, "-xf", archive] });
    const packages = named("package").filter((name) => name !== "lists");
    writeFileSync(join(folder, "packages", machine), `${packages.join("\n")}\n`);
    const { images } = neededArtifacts(spec, { host, architecture: "amd64" });
    const list = images.map((ref) => imageFile(ref).replace("images/", ""));
    if (isNode(host)) writeFileSync(join(folder, "images", machine), `${list.join("\n")}\n`);
  }
  writeFileSync(join(folder, "manifests.json"), await manifests(lab));
  writeFileSync(join(folder, "cluster.env"), environment(spec, topology));
}

/** The add-ons' objects as a list for `kubectl apply`. */
async function manifests(lab: InstallMachines["lab"]): Promise<string> {
  const selector = `slipway.dev/part in (${parts.join(",")})`;
  const kubectl = ["env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl"];
  const { stdout } = await lab.exec("cp-1", [...kubectl, "get", kinds, "-A", "-l", selector, "-o", "json"]);
  const list = JSON.parse(stdout) as { items: { metadata: Record<string, unknown>; [field: string]: unknown }[] };
  const items = list.items.map(({ status: _status, metadata, ...object }) => {
    const { name, namespace, labels, annotations } = metadata;
    return { ...object, metadata: { name, namespace, labels, annotations } };
  });
  if (items.length < parts.length) throw new Error(`only ${items.length} objects of ${parts.join(", ")} were found`);
  return JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 1);
}

function environment(spec: ClusterSpec, topology: Topology): string {
  const { endpoint, hosts, network } = spec;
  if (endpoint.kind !== "virtual-ip") throw new Error("the machines have a virtual IP");
  const lines = {
    LOAD_BALANCERS: machineNames(spec, ({ roles }) => roles.includes("load-balancer")).join(" "),
    CONTROL_PLANES: machineNames(spec, ({ roles }) => roles.includes("control-plane")).join(" "),
    WORKERS: machineNames(spec, ({ roles }) => roles.includes("worker")).join(" "),
    VIRTUAL_IP: endpoint.address,
    TOPOLOGY: topology,
    SERVICE_CIDR: network.serviceCidr,
    POD_CIDR: network.podCidr,
    DNS_IMAGE: kubernetesImages(spec).coreDns,
  };
  const addresses = hosts.map(({ name, address }) => `[${name}]=${address}`).join(" ");
  return `${Object.entries(lines)
    .map(([name, value]) => `${name}="${value}"\n`)
    .join("")}ADDRESS=(${addresses})\n`;
}
