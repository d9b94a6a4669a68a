/** A cluster file with `hosts` hosts, as people write them: three control planes with etcd, the rest workers of three pools. */
export function clusterYaml(hosts: number): string {
  const lines = Array.from({ length: hosts }, (_, at) => {
    const address = `172.16.${Math.floor(at / 250)}.${(at % 250) + 2}`;
    if (at < 3) return `    - { name: cp-${at + 1}, address: ${address}, roles: [control-plane, etcd] }\n`;
    const pool = ["general", "memory", "gpu"][at % 3];
    return `    - { name: w-${at - 2}, address: ${address}, roles: [worker], pool: ${pool}, zone: zone-${at % 5} }\n`;
  });
  return `apiVersion: slipway.dev/v1alpha1
kind: Cluster
metadata:
  name: scale
spec:
  kubernetes:
    version: 1.36.2
  pools:
    - { name: general }
    - { name: memory, labels: { node.example/kind: memory } }
    - { name: gpu, labels: { node.example/kind: gpu }, taints: [{ key: gpu, effect: NoSchedule }] }
  endpoint:
    name: api.scale.example
    external: { address: 192.0.2.10 }
  etcd:
    topology: stacked
  network:
    podCIDR: 10.0.0.0/9
    serviceCIDR: 10.128.0.0/16
    nodePrefix: 24
  hosts:
${lines.join("")}`;
}
