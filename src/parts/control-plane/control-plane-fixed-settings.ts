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

interface Component {
  readonly extraArgs?: readonly { readonly name: string; readonly value: string }[];
}

/** What a cluster keeps for its life, by the field of the cluster file. */
function settingsOf(configuration: Readonly<Record<string, unknown>>): Settings {
  const { networking, etcd, apiServer, controllerManager, ...rest } = configuration as {
    readonly networking?: Readonly<Record<string, unknown>>;
    readonly etcd?: { readonly local?: { readonly dataDir?: unknown }; readonly external?: unknown };
    readonly apiServer?: Component;
    readonly controllerManager?: Component;
    readonly clusterName?: unknown;
    readonly controlPlaneEndpoint?: unknown;
    readonly kubernetesVersion?: unknown;
  };
  const flag = (component: Component | undefined, name: string) =>
    component?.extraArgs?.find((one) => one.name === name)?.value;
  const minor = /^v?(\d+\.\d+)/.exec(String(rest.kubernetesVersion))?.[1];
  const settings = {
    "metadata.name": rest.clusterName,
    "kubernetes.version": minor,
    "kubernetes.apiServer.encryption":
      apiServer === undefined ? undefined : flag(apiServer, "encryption-provider-config") === undefined ? "none" : "on",
    "network.podCidr": networking?.podSubnet,
    "network.serviceCidr": networking?.serviceSubnet,
    "network.dnsDomain": networking?.dnsDomain,
    "network.nodePrefix": flag(controllerManager, "node-cidr-mask-size"),
    endpoint: rest.controlPlaneEndpoint,
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

/** The first setting the cluster file has otherwise than the control plane was made with. */
export function changedSetting(made: Settings, spec: ClusterSpec): string | undefined {
  const wanted = settingsOf(clusterConfiguration(spec));
  return Object.keys(made).find((name) => wanted[name] !== undefined && wanted[name] !== made[name]);
}

/** Why the control plane of a host must not be given its files: the cluster file changes what cannot change. */
export async function controlPlaneSettingChanged(
  look: HostLook,
  spec: ClusterSpec,
  host: HostName,
): Promise<Problem | undefined> {
  const [{ birth }, made] = await Promise.all([look.fact(controlPlaneTraces), look.fact(controlPlaneFixedSettings)]);
  if (birth === "none") return undefined;
  const setting = changedSetting(made, spec);
  if (setting === undefined) return undefined;
  const wanted = settingsOf(clusterConfiguration(spec));
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
  "kubernetes.version": "an upgrade has an order of its own, which apply does not follow",
  "kubernetes.apiServer.encryption":
    "API servers that are changed one after the other could not read what the others write meanwhile",
  "network.podCidr": "every node and every running pod has addresses of it",
  "network.serviceCidr": "every Service has an address of it",
  "network.dnsDomain": "every running pod has it in its resolver's configuration, and tokens name it as their issuer",
  "network.nodePrefix": "every node has a range of that size",
  endpoint: "every kubelet and every certificate knows the API by it",
  "etcd.topology": "the data would not move along",
  "etcd.dataDir": "the data would not move along",
};
