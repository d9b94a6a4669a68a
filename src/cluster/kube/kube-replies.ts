import type { Fact } from "../../facts/fact.ts";
import { commandOf } from "../../facts/not-understood.ts";
import type { Read } from "../../hosts/port.ts";
import { type CurlReplies, type CurlServer, curlReplies, curlRuns } from "./curl-requests.ts";
import type { KubeRequest } from "./kube-access.ts";

/** What kubelet starts the API server from: there once `kubeadm init` or `join` has got that far. */
const apiServerManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/** What a control plane host says to requests to its own API server. */
export interface OwnReplies extends CurlReplies {
  /** kubeadm has set a control plane up here. */
  readonly initialised: boolean;
}

/** Requests that change nothing, asked of a control plane host's own API server. */
export function kubeReplies(server: CurlServer, requests: readonly KubeRequest[]): Fact<OwnReplies> {
  const runs = curlRuns(server, requests);
  const stat: Read = { kind: "stat", path: apiServerManifest };
  const reads = runs.map(({ argv, stdin, timeoutMs }): Read => ({ kind: "run", argv, stdin, timeoutMs }));
  return {
    name: "kube-replies",
    reads: [stat, ...reads],
    parse([manifest, ...answers]) {
      const initialised = manifest?.kind !== "missing";
      const parts = runs.map((run, index) =>
        curlReplies(run, commandOf("kube-replies", "the API server", answers[index])),
      );
      const failure = parts.find((part) => part.failure !== undefined)?.failure;
      return {
        initialised,
        replies: failure === undefined ? parts.flatMap((part) => part.replies) : [],
        truncated: parts.some((part) => part.truncated),
        ...(failure === undefined ? {} : { failure }),
      };
    },
  };
}
