import { kubeList } from "../../cluster/kube/kube-list.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import type { Act, Change, ClusterStep, Look, NonEmpty } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { tokenHostLabel, tokensPath, tokensQuery } from "./bootstrap-token.ts";
import { bootstrapTokensStepId, controlPlaneAccessStepId } from "./control-plane-layout.ts";
import { type NoApi, noApi, unknownWithoutApi } from "./no-api.ts";

/** Deletes bootstrap tokens an interrupted run has left behind. Comes before the joins, which make their own. */
export function bootstrapTokensStep(spec: ClusterSpec): ClusterStep<readonly KubeObject[]> {
  return {
    id: bootstrapTokensStepId,
    title: "Delete leftover bootstrap tokens",
    phase: "control-plane",
    on: "cluster",
    after: [controlPlaneAccessStepId],
    impact: "none",
    async check(look) {
      const tokens = await ownTokens(look, spec);
      if ("state" in tokens) return unknownWithoutApi(tokens);
      const changes = tokens.map(
        (token): Change => ({
          verb: "delete",
          what: `Secret kube-system/${token.metadata.name}`,
          because: `it was made to join ${token.metadata.labels?.[tokenHostLabel] ?? "a host"}, and the run that made it has ended`,
        }),
      );
      const [first, ...rest] = changes;
      if (first === undefined) return { state: "satisfied", because: "there are none" };
      return { state: "needed", found: tokens, changes: [first, ...rest] as NonEmpty<Change> };
    },
    apply: (act, tokens) => deleteTokens(act, spec, tokens),
    verify: [
      {
        title: "leftover bootstrap tokens to be gone",
        everyMs: 1000,
        withinMs: 30_000,
        async holds(look) {
          const tokens = await ownTokens(look, spec);
          if ("state" in tokens) return { state: "not-yet", because: tokens.because };
          return tokens.length === 0 ? { state: "met" } : { state: "not-yet", because: `${tokens.length} are left` };
        },
      },
    ],
  };
}

/** Deletes every token made to join this host. Nothing to do, and no problem, where no API server answers: they expire. */
export async function releaseTokens(act: Act, spec: ClusterSpec, host: HostName): Promise<void> {
  const tokens = await ownTokens(act, spec);
  if ("state" in tokens) return;
  await deleteTokens(
    act,
    spec,
    tokens.filter((token) => token.metadata.labels?.[tokenHostLabel] === host),
  );
}

async function ownTokens(look: Pick<Look, "factOf">, spec: ClusterSpec): Promise<readonly KubeObject[] | NoApi> {
  const listed = await kubeList(look, spec, `${tokensPath}?${tokensQuery}`);
  return listed.state === "answers" ? listed.items : noApi(listed);
}

async function deleteTokens(act: Act, spec: ClusterSpec, tokens: readonly KubeObject[]): Promise<void> {
  if (tokens.length === 0) return;
  const paths = tokens.map((token) => `${tokensPath}/${token.metadata.name}`);
  await kubeSend(
    act,
    spec,
    paths.map((path) => ({ method: "DELETE", path })),
    [404],
  );
}
