import { createHash } from "node:crypto";
import type { Lab } from "../../../src/lab/lab.ts";
import { type Snapshot, snapshot } from "../../lab/drift/machine-snapshot.ts";

/** What Kubernetes adds to a machine; see machine-snapshot.ts for the form. Programs are known by size and time. */
const program = `
for path in /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env; do
  [ -f "$path" ] || continue
  stat --printf 'file\\t%n\\t%a %U:%G\\t%z\\n' "$path"
  sha256sum "$path" | sed 's/^\\([0-9a-f]*\\)  \\(.*\\)$/digest\\t\\2\\t\\1\\t/'
done
find /opt/slipway /opt/cni -xdev -type f -printf 'file\\t%p\\t%m %u:%g %s\\t%C@\\n' -o -type l -printf 'file\\t%p\\t-> %l\\t%C@\\n'
for unit in kubelet slipway-pod-network; do
  state=$(systemctl show --property=LoadState,ActiveState,UnitFileState,NeedDaemonReload "$unit.service" | tr '\\n' ' ')
  start=$(systemctl show --property=ExecMainStartTimestampMonotonic --value "$unit.service")
  printf 'process\\t%s.service\\t\\t%s\\n' "$unit" "$start"
  printf 'unit\\t%s.service\\t%s\\t\\n' "$unit" "$state"
done
ps -o comm=,pid= -C kube-apiserver,kube-controller,kube-scheduler | while read -r name pid; do
  printf 'static pod\\t%s\\t\\t%s\\n' "$name" "$pid"
done
printf 'routes\\tto pods\\t%s\\t\\n' "$(ip route show proto 120 2>/dev/null | sort | tr '\\n' ';')"
ctr -n k8s.io images ls -q 2>/dev/null | grep '^registry[^@]*$' | while read -r ref; do
  printf 'image\\t%s\\t\\t\\n' "$ref"
done
`;

/** Kinds whose objects say what somebody wants, and not what the cluster has come to. */
const kinds = [
  "nodes",
  "namespaces",
  "configmaps",
  "secrets",
  "serviceaccounts",
  "services",
  "deployments",
  "daemonsets",
  "poddisruptionbudgets",
  "resourcequotas",
  "limitranges",
  "networkpolicies",
  "roles",
  "rolebindings",
  "clusterroles",
  "clusterrolebindings",
  "apiservices",
  "priorityclasses",
];

interface ListedObject {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly status?: unknown;
}

/** kubectl as the administrator kubeadm made, of the API server no change puts a certificate on. */
export async function kubectl(lab: Lab, ...args: readonly string[]): Promise<string> {
  const whom = ["--kubeconfig", "/etc/kubernetes/admin.conf", "--server", `https://${lab.address("cp-2")}:6443`];
  return (await lab.exec("cp-2", ["kubectl", ...whom, ...args])).stdout;
}

/** Every machine by its name, and under "cluster" the objects of the API, as they are now. */
export async function clusterSnapshot(lab: Lab): Promise<ReadonlyMap<string, Snapshot>> {
  const [objects, ...machines] = await Promise.all([
    objectsOf(lab),
    ...lab.machines.map(async ({ name }) => [name, await snapshot(lab, name, program)] as const),
  ]);
  return new Map([["cluster", objects] as const, ...machines]);
}

async function objectsOf(lab: Lab): Promise<Snapshot> {
  const { items } = JSON.parse(await kubectl(lab, "get", kinds.join(","), "-A", "-o", "json")) as {
    readonly items: readonly ListedObject[];
  };
  return new Map(
    items.map(({ status: _cameTo, ...object }) => {
      const { name, namespace, uid, labels, annotations, finalizers } = object.metadata;
      const declared = { ...object, metadata: { labels, annotations, finalizers } };
      const state = createHash("sha256").update(JSON.stringify(declared)).digest("hex");
      return [
        `${object.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`,
        { state, moment: String(uid) },
      ];
    }),
  );
}
