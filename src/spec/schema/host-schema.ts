import { z } from "zod";
import { kubeletSchema } from "./kubelet-schema.ts";
import { port, wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

const sshFields = {
  user: textOf(valueKinds.userName)
    .describe("User to log in as. Without it, what ~/.ssh/config says, or your own user name.")
    .optional(),
  port: port().describe("TCP port of sshd. Without it, what ~/.ssh/config says, or 22.").optional(),
  identityFile: textOf(valueKinds.localPath)
    .describe(
      "Private key on this computer: absolute, under ~/, or relative to the cluster file. Without it, the agent and ~/.ssh/config decide.",
    )
    .optional(),
  proxyJump: textOf(valueKinds.proxyJump)
    .describe("Jump host, [user@]host[:port]; several are separated by ','.")
    .optional(),
  sudo: z
    .enum(["none", "passwordless", "password"])
    .describe(
      "How to become root: none (log in as root), passwordless (sudo -n), password (asked once per run, never stored). Default: none when the user is root or not given, else passwordless.",
    )
    .optional(),
};

/** `spec.ssh`: how to reach hosts that do not say otherwise. */
export const sshSchema = z
  .strictObject({
    ...sshFields,
    maxConnections: wholeNumber(1, 10_000)
      .describe(
        "Most SSH connections open at the same time; with more hosts, idle connections are closed and reopened.",
      )
      .default(64),
    keepAliveSeconds: wholeNumber(0, 86_400)
      .describe("Seconds a connection stays open for the next command; 0 closes it at the end of the run.")
      .default(600),
  })
  .describe("SSH settings for all hosts. The system's OpenSSH client is used, so ~/.ssh/config applies.");

const hostSshSchema = z
  .strictObject({
    host: textOf(valueKinds.sshHost)
      .describe("Where to connect: a name, an address or an alias of ~/.ssh/config. Default: the host's address.")
      .optional(),
    ...sshFields,
  })
  .describe("SSH settings of this host; each wins over the same field of spec.ssh.");

const labelsSchema = z
  .record(textOf(valueKinds.labelKey), textOf(valueKinds.labelValue))
  .describe("Labels of the node, in Kubernetes label syntax.")
  .default({});

const taintsSchema = z
  .array(
    z.strictObject({
      key: textOf(valueKinds.labelKey).describe("Taint key, in Kubernetes label key syntax."),
      value: textOf(valueKinds.labelValue).describe("Taint value; may be empty.").default(""),
      effect: z
        .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
        .describe("What happens to pods that do not tolerate it."),
    }),
  )
  .describe("Taints of the node.")
  .default([]);

/** One entry of `spec.hosts`. */
export const hostSchema = z
  .strictObject({
    name: textOf(valueKinds.hostName).describe("Name of the host and of its node; unique in the file."),
    address: textOf(valueKinds.address).describe(
      "IPv4 or IPv6 address on the network the hosts talk over; unique in the file.",
    ),
    roles: z
      .array(z.enum(["load-balancer", "etcd", "control-plane", "worker"]))
      .min(1)
      .describe(
        "What runs on the host. With etcd on any host the etcd cluster is external; without, it is stacked on the control planes.",
      ),
    ssh: hostSshSchema.prefault({}),
    pool: textOf(valueKinds.plainName, "batch")
      .describe("Pool of a worker; its labels and taints come from spec.pools.")
      .optional(),
    zone: textOf(valueKinds.labelValue, "zone-a")
      .refine((text) => text !== "", { params: { kind: valueKinds.plainName } })
      .describe("Failure domain; becomes the label topology.kubernetes.io/zone.")
      .optional(),
    labels: labelsSchema,
    taints: taintsSchema,
  })
  .describe("A Linux machine reached over SSH.");

/** One entry of `spec.pools`. */
export const poolSchema = z
  .strictObject({
    name: textOf(valueKinds.plainName, "batch").describe("Name hosts refer to with `pool`."),
    labels: labelsSchema,
    taints: taintsSchema,
    kubelet: kubeletSchema
      .describe("kubelet on the workers of the pool; each field wins over the one of spec.kubernetes.kubelet.")
      .prefault({}),
  })
  .describe("Labels, taints and kubelet settings for the workers of a pool; a host's own labels and taints win.");
