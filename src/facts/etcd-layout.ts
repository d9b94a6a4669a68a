/** Where etcd's certificates are on an external etcd host. They are read there by etcd, and by root for etcdctl. */
export const etcdPkiDir = "/etc/etcd/pki";

/**
 * How etcdctl asks the member of its own host: as root, with the certificate made for that. A member that works answers
 * in milliseconds; one that is down costs `withinSeconds` per question.
 */
export function etcdctl(clientPort: number, words: readonly string[], withinSeconds = 2): readonly string[] {
  return [
    "etcdctl",
    `--endpoints=https://127.0.0.1:${clientPort}`,
    `--cacert=${etcdPkiDir}/ca.crt`,
    `--cert=${etcdPkiDir}/client.crt`,
    `--key=${etcdPkiDir}/client.key`,
    "--dial-timeout=2s",
    `--command-timeout=${withinSeconds}s`,
    ...words,
  ];
}
