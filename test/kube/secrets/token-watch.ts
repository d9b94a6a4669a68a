import type { Lab } from "../../../src/lab/lab.ts";
import { type MadeSecret, secretsIn } from "./made-secrets.ts";

const unit = "token-watch";
const noted = "/run/token-watch";

const program = `
export KUBECONFIG=/etc/kubernetes/admin.conf
umask 077
while :; do
  kubectl get secrets -n kube-system --field-selector type=bootstrap.kubernetes.io/token --watch \
    -o go-template='{{index .data "token-secret"}}{{"\\n"}}' >> ${noted} 2>/dev/null
  sleep 0.3
done`;

/** Notes every bootstrap token the API of a cluster has from now on; before there is an API, it waits for one. */
export async function watchTokens(lab: Lab, machine: string): Promise<{ stop(): Promise<readonly MadeSecret[]> }> {
  await lab.exec(machine, ["systemd-run", "--quiet", "--collect", `--unit=${unit}`, "sh", "-c", program]);
  return {
    async stop() {
      await lab.exec(machine, ["systemctl", "stop", unit]);
      const { stdout } = await lab.exec(machine, ["cat", noted]);
      await lab.exec(machine, ["rm", noted]);
      const tokens = new Set(stdout.split("\n").map((line) => Buffer.from(line, "base64").toString("utf8")));
      return [...tokens]
        .filter((token) => /^[a-z0-9]{16}$/.test(token))
        .flatMap((token) => secretsIn("bootstrap token", token));
    },
  };
}
