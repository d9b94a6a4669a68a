import { z } from "zod";
import { addonsSchema } from "./addons-schema.ts";
import { endpointSchema, loadBalancerSchema } from "./endpoint-schema.ts";
import { etcdSchema } from "./etcd-schema.ts";
import { hostSchema, poolSchema, sshSchema } from "./host-schema.ts";
import { kubernetesSchema } from "./kubernetes-schema.ts";
import { namespacesSchema, teamsSchema } from "./namespaces-schema.ts";
import { networkSchema } from "./network-schema.ts";
import { artifactsSchema, osSchema, preflightSchema } from "./os-schema.ts";
import { runtimeSchema } from "./runtime-schema.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

// Compiling checks to code costs more than it saves, also with 5,000 hosts (2026-11-21).
z.config({ jitless: true });

/** The sections of `spec`, each parsed on its own when the file as a whole has errors. */
export const sectionSchemas = {
  kubernetes: kubernetesSchema,
  hosts: z.array(hostSchema).min(1).describe("All hosts of the cluster."),
  pools: z.array(poolSchema).describe("Pools of workers.").default([]),
  ssh: sshSchema.prefault({}),
  endpoint: endpointSchema.prefault({}),
  etcd: etcdSchema.prefault({}),
  network: networkSchema.prefault({}),
  runtime: runtimeSchema.prefault({}),
  os: osSchema.prefault({}),
  loadBalancer: loadBalancerSchema.prefault({}),
  artifacts: artifactsSchema.prefault({}),
  addons: addonsSchema.prefault({}),
  namespaces: namespacesSchema,
  teams: teamsSchema,
  preflight: preflightSchema.prefault({}),
} as const;

/** The shape of cluster.yaml. Rules between fields are in `rules/`. */
export const clusterFileSchema = z
  .strictObject({
    apiVersion: z.literal("slipway.dev/v1alpha1").describe("Version of this format."),
    kind: z.literal("Cluster").describe("Kind of this document."),
    metadata: z
      .strictObject({ name: textOf(valueKinds.clusterName).describe("Name of the cluster.") })
      .describe("What the cluster is called."),
    spec: z.strictObject(sectionSchemas).describe("What the cluster is."),
  })
  .describe("A Slipway cluster file.");

/** A cluster file after the schema: every default of a single field is in place. */
export type ClusterFile = z.output<typeof clusterFileSchema>;
/** One entry of `spec.hosts` after the schema. */
export type HostEntry = z.output<typeof hostSchema>;
/** The sections of `spec` after the schema. */
export type Sections = ClusterFile["spec"];
