import type { ProblemCode } from "../problem.ts";

/** Codes of the Kubernetes cluster itself: its API, nodes, network and add-ons. */
export const kubernetesCodes: Readonly<Record<ProblemCode, string>> = {
  "kubernetes/api-refused": "The API server understood a request and refused it; its own reason is given.",
  "kubernetes/api-silent": "There is a cluster and none of its API servers answers.",
  "kubernetes/reply-too-long": "One reply of the API server is too long to be read through a command's output.",
  "kubernetes/strange-certificate-request":
    "A node waits for a serving certificate, and what it asks for is not its own name and address.",
};
