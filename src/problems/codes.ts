import { artifactCodes } from "./codes/artifact-codes.ts";
import { clusterFileCodes } from "./codes/cluster-file-codes.ts";
import { engineCodes } from "./codes/engine-codes.ts";
import { hostCodes } from "./codes/host-codes.ts";
import { kubernetesCodes } from "./codes/kubernetes-codes.ts";
import { partCodes } from "./codes/part-codes.ts";
import { preflightCodes } from "./codes/preflight-codes.ts";
import type { ProblemCode } from "./problem.ts";

/** Every problem code there is, with what it means and what to do about it. A code never changes its meaning. */
export const problemCodes: Readonly<Record<ProblemCode, string>> = {
  ...clusterFileCodes,
  ...hostCodes,
  ...preflightCodes,
  ...partCodes,
  ...kubernetesCodes,
  ...artifactCodes,
  ...engineCodes,
};
