import type { Lab } from "../../src/lab/lab.ts";
import { type EndState, readEndState } from "./end-state.ts";
import { type Facts, shortDigest } from "./machine-state.ts";
import type { WorkFolder } from "./work-folder.ts";

/** Kinds whose objects say what somebody wants, not what the cluster has come to. */
const kinds = [
  ...["nodes", "namespaces", "configmaps", "secrets", "serviceaccounts", "services", "deployments", "daemonsets"],
  ...["poddisruptionbudgets", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "apiservices"],
  ...["networkpolicies", "resourcequotas", "limitranges", "priorityclasses"],
];

/** Fields that follow from the moment, not from what was asked for. */
const passingFields = new Set([
  ...["status", "clusterIP", "clusterIPs", "podCIDR", "podCIDRs", "uid", "resourceVersion", "creationTimestamp"],
  ...["generation", "managedFields", "deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"],
]);

/** Files of which every install has its own text: its keys and authorities, or what is known by what it means. */
const ownText =
  /^file \/etc\/kubernetes\/(\w[\w-]*\.conf|slipway\/client\.\w+|slipway\/manifests\.sha256|slipway\/kube-apiserver\/encryption\.yaml|manifests\/etcd\.yaml)$/;
/** What the kubectl of this comparison leaves behind. */
const kubectlCache = /^file \/root\/\.kube(\/|$)/;
const byPodRange = /^file (\/etc\/slipway\/pod-routes|\/etc\/slipway\/pod-masquerade\.nft|\/etc\/cni\/net\.d\/.*)$/;
/** Every install has authorities of its own. */
const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** Mounts of pods. */
const podMount = /^unit (run-containerd|run-netns|run-k3s|var-lib-kubelet-pods|var-lib-containerd)/;

const program = `
echo "== texts"
for file in /etc/kubernetes/*.conf /etc/kubernetes/manifests/etcd.yaml; do
  [ -f "$file" ] || continue
  printf '%s\\t%s\\n' "$file" "$(grep -v -e '-data: ' -e '--initial-cluster=' "$file" | sha256sum | cut -c1-12)"
done
echo "== ranges"
for file in /etc/slipway/pod-routes /etc/slipway/pod-masquerade.nft /etc/cni/net.d/*; do
  [ -f "$file" ] && printf '%s\\t%s\\n' "$file" "$(base64 -w0 "$file")"
done
printf 'routes\\t%s\\n' "$(ip route show proto 120 | sed 's/ *$//' | sort | base64 -w0)"
echo "== kubelet"
for file in /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env; do
  [ -f "$file" ] && printf '%s\\t%s\\n' "$file" "$(sha256sum <"$file" | cut -c1-12)"
done
echo "== images"
ctr -n k8s.io images ls -q | grep '^registry[^@]*$'
echo "== leftovers"
# Each would still be at work, or would be taken for somebody's.
ps -eo args= | grep -E '^(flock|kubeadm|apt-get|ctr) ' | grep -v grep
find /etc/kubernetes/tmp -mindepth 1 -maxdepth 1 2>/dev/null | sed 's/[0-9][0-9-]*$//' | sort -u
ls /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/super-admin.conf 2>/dev/null
echo "== members"
pki=/etc/kubernetes/pki
if [ -f $pki/etcd/server.crt ]; then
  curl --silent --show-error --cacert $pki/etcd/ca.crt --cert $pki/apiserver-etcd-client.crt --key $pki/apiserver-etcd-client.key --data '{}' https://127.0.0.1:2379/v3/cluster/member/list
fi
exit 0
`;

/** What two installs of one cluster file must leave alike: the machines, and what the API and etcd say. */
export async function readKubeState(
  lab: Lab,
  virtualIp: string,
  folder: WorkFolder,
  controlPlane: string,
): Promise<EndState> {
  const [state, objects] = await Promise.all([readEndState(lab, virtualIp, folder), listObjects(lab, controlPlane)]);
  const nodes = objects.filter(({ kind }) => kind === "Node");
  const ranges = nodes.map(({ metadata, spec }) => [String(spec?.podCIDR), metadata.name] as const);
  const machines = await Promise.all(
    lab.machines.map(async ({ name }) => {
      const own = await readKubernetes(lab, name, ranges);
      return [name, new Map([...withoutOwnText(state.get(name) ?? new Map()), ...own])] as const;
    }),
  );
  const cluster = new Map([...(state.get("cluster") ?? []), ...objectFacts(objects)]);
  return new Map([...state, ...machines, ["cluster", cluster]]);
}

function withoutOwnText(facts: Facts): Facts {
  const kept = [...facts].filter(([what]) => !podMount.test(what) && !kubectlCache.test(what));
  return new Map(
    kept.map(([what, value]) =>
      ownText.test(what) || byPodRange.test(what) ? [what, value.split(" ").slice(0, 3).join(" ")] : [what, value],
    ),
  );
}

async function readKubernetes(
  lab: Lab,
  machine: string,
  ranges: readonly (readonly [string, string])[],
): Promise<Facts> {
  const { stdout } = await lab.exec(machine, ["sh", "-c", program]);
  const facts: Facts = new Map();
  let section = "";
  for (const line of stdout.split("\n").filter((one) => one !== "")) {
    if (line.startsWith("== ")) {
      section = line.slice(3);
      continue;
    }
    const [what = "", value = ""] = line.split("\t");
    if (section === "ranges") {
      const text = ranges.reduce(
        (all, [range, node]) => all.replaceAll(range, `pods of ${node}`),
        Buffer.from(value, "base64").toString(),
      );
      facts.set(`text ${what}`, shortDigest(text.split("\n").sort().join("\n")));
    } else if (section === "members") facts.set("stacked etcd members", membersIn(line));
    else if (section === "leftovers" || section === "images") facts.set(`${section} ${line}`, "there");
    else facts.set(`text ${what}`, value);
  }
  return facts;
}

function membersIn(text: string): string {
  const { members } = JSON.parse(text) as {
    readonly members: readonly {
      readonly name?: string;
      readonly peerURLs: readonly string[];
      readonly isLearner?: boolean;
    }[];
  };
  return members
    .map(({ name, peerURLs, isLearner }) => `${name ?? "no name"} ${peerURLs.join(",")}${isLearner ? " learner" : ""}`)
    .sort()
    .join(" | ");
}

interface ListedObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
    readonly [field: string]: unknown;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function listObjects(lab: Lab, controlPlane: string): Promise<readonly ListedObject[]> {
  const kubectl = ["env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl", "get", [...kinds, "pods"].join(",")];
  const { stdout } = await lab.exec(controlPlane, [...kubectl, "-A", "-o", "json"]);
  return (JSON.parse(stdout) as { readonly items: readonly ListedObject[] }).items;
}

function objectFacts(objects: readonly ListedObject[]): Facts {
  const facts: Facts = new Map();
  const pods = new Map<string, string[]>();
  for (const object of objects) {
    const { name, namespace } = object.metadata;
    const ready = object.status?.conditions?.find(({ type }) => type === "Ready")?.status;
    if (object.kind === "Pod") {
      const key = `pods of ${namespace}/${ownerOf(object)}`;
      pods.set(key, [...(pods.get(key) ?? []), ready === "True" ? "Ready" : "not Ready"]);
      continue;
    }
    const what = `${object.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
    facts.set(what, object.kind === "Secret" || isRecord(object) ? "there" : shortDigest(declared(object)));
    if (object.kind === "Node") {
      facts.set(`${what} is Ready`, String(ready));
      facts.set(`${what} is cordoned`, String(object.spec?.unschedulable === true));
    }
  }
  for (const [what, all] of pods) facts.set(what, all.join(", "));
  return facts;
}

/** A Deployment's pods by the Deployment, those of a node by themselves, the names of all others. */
function ownerOf({ metadata }: ListedObject): string {
  const [owner] = metadata.ownerReferences ?? [];
  if (owner === undefined || owner.kind === "Node") return metadata.name;
  return `${owner.kind} ${owner.name.replace(/-[a-z0-9]{8,10}$/, "")}`;
}

/** Says when something was seen, not what is wanted. */
function isRecord({ kind, metadata }: ListedObject): boolean {
  const part = (metadata.labels as Readonly<Record<string, string>> | undefined)?.["slipway.dev/part"];
  return kind === "ConfigMap" && part === "verification";
}

function declared(object: ListedObject): string {
  return JSON.stringify(object, (field, value: unknown) => {
    if (passingFields.has(field)) return undefined;
    if (typeof value === "string") return value.replaceAll(certificate, "a certificate");
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
