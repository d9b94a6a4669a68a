import { z } from "zod";
import { wholeNumber } from "./numbers.ts";

/** `spec.addons`. */
export const addonsSchema = z
  .strictObject({
    dns: z
      .strictObject({
        replicas: wholeNumber(1, 1000)
          .describe("Pods of CoreDNS, spread over nodes and zones, with a disruption budget when there are several.")
          .default(2),
        nodeLocal: z.boolean().describe("NodeLocal DNSCache: a cache on every node.").default(true),
      })
      .describe("DNS of the cluster.")
      .prefault({}),
    metricsServer: z.boolean().describe("metrics-server, for kubectl top and the horizontal autoscaler.").default(true),
  })
  .describe("What every cluster needs beside Kubernetes itself.");
