import { isMap, parseAllDocuments } from "yaml";
import type { HostLook } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { beginningOf } from "../../facts/not-understood.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { clusterConfiguration } from "./cluster-configuration.ts";
import { kubeadmConfigPath } from "./control-plane-layout.ts";
import { controlPlaneTraces } from "./control-plane-traces.ts";

type Settings = Readonly<Record<string, string>>;

/** What a cluster keeps for its life, by the field of the cluster file. */
function settingsOf(configuration: Readonly<Record<string, unknown>>): Settings {
  const { networking, etcd, controllerManager, clusterName, controlPlaneEndpoint } = configuration as {
    readonly networking?: Readonly<Record<string, unknown>>;
    readonly etcd?: { readonly local?: { readonly dataDir?: unknown }; readonly external?: unknown };
    readonly controllerManager?: { readonly extraArgs?: readonly { readonly name: string; readonly value: string }[] };
    readonly clusterName?: unknown;
    readonly controlPlaneEndpoint?: unknown;
  };
  const nodePrefix = controllerManager?.extraArgs?.find((one) => one.name === "node-cidr-mask-size")?.value;
  const settings = {
    "metadata.name": clusterName,
    "network.podCidr": networking?.podSubnet,
    "network.serviceCidr": networking?.serviceSubnet,
    "network.dnsDomain": networking?.dnsDomain,
    "network.nodePrefix": nodePrefix,
    endpoint: controlPlaneEndpoint,
    "etcd.topology": etcd === undefined ? undefined : etcd.local === undefined ? "external" : "stacked",
    ...(etcd?.local?.dataDir === undefined ? {} : { "etcd.dataDir": etcd.local.dataDir }),
  };
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/** The settings the control plane of a host was made with; none where it has not been, or the file was spoiled. */
export const controlPlaneFixedSettings: Fact<Settings> = {
  name: "control-plane-fixed-settings",
  reads: [{ kind: "content", path: kubeadmConfigPath, maxBytes: 256 * 1024 }],
  parse([answer]) {
    const text = beginningOf("control-plane-fixed-settings", kubeadmConfigPath, answer) ?? "";
    for (const document of parseAllDocuments(text)) {
      if ("empty" in document || document.errors.length > 0 || !isMap(document.contents)) continue;
      const content = document.toJS() as Readonly<Record<string, unknown>>;
      if (content.kind === "ClusterConfiguration") return settingsOf(content);
    }
    return {};
  },
};

/** Why the control plane of a host must not be given its files: the cluster file changes what cannot change. */
export async function controlPlaneSettingChanged(
  look: HostLook,
  spec: ClusterSpec,
  host: HostName,
): Promise<Problem | undefined> {
  const [{ birth }, made] = await Promise.all([look.fact(controlPlaneTraces), look.fact(controlPlaneFixedSettings)]);
  if (birth === "none") return undefined;
  const wanted = settingsOf(clusterConfiguration(spec));
  const [setting] = Object.keys(made).filter((name) => wanted[name] !== undefined && wanted[name] !== made[name]);
  if (setting === undefined) return undefined;
  const from = made[setting];
  return {
    code: "kubernetes/fixed-setting-changed",
    severity: "error",
    message: `${setting} of the cluster cannot change from ${from} to ${wanted[setting]}`,
    because: `the control plane of ${host} was made with ${from}, and ${reasons[setting] ?? "a cluster keeps it for its life"}`,
    hint: { text: `Set ${setting} back to ${from} in the cluster file` },
    where: { host },
  };
}

const reasons: Settings = {
  "network.podCidr": "every node and every running pod has addresses of it",
  "network.serviceCidr": "every Service has an address of it",
  "network.dnsDomain": "every running pod has it in its resolver's configuration, and tokens name it as their issuer",
  "network.nodePrefix": "every node has a range of that size",
  endpoint: "every kubelet and every certificate knows the API by it",
  "etcd.topology": "the data would not move along",
  "etcd.dataDir": "the data would not move along",
};
