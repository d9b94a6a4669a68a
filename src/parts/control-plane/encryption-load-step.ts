import { ownApiServer } from "../../cluster/kube/control-planes.ts";
import { kubeClient } from "../../cluster/kube/kube-access.ts";
import type { Condition, HostLook, HostStep, StepId } from "../../engine/step.ts";
import { curlBody, curlCredentials } from "../../facts/curl-body.ts";
import { encryptionLoaded } from "../../facts/encryption-loaded.ts";
import { file } from "../../resources/file.ts";
import type { Inspection } from "../../resources/inspection.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { lookedUpStateStep } from "../looked-up-state.ts";
import { encryptionPath } from "./control-plane-layout.ts";
import { encryptionConfiguration } from "./encryption-configuration.ts";
import { encryptionNarrowed } from "./encryption-fixed-settings.ts";
import { readEncryptionKeys } from "./encryption-keys.ts";

/** The API server looks for a changed file every minute: EncryptionConfigFileChangePollDuration of Kubernetes 1.36. */
const loadedWithinMs = 150_000;

/** Gives one control plane host the encryption keys of the vault, and waits until its API server has loaded them. */
export function encryptionLoadStep(
  spec: ClusterSpec,
  host: HostSpec,
  id: StepId,
  after: readonly StepId[],
): HostStep<Inspection> {
  const title = `Load the encryption keys on ${host.name}`;
  const inner = lookedUpStateStep(
    { id, title, phase: "encryption", on: host.name, after, conditions: [loaded(host)] },
    async (at) => {
      const content = encryptionConfiguration(spec.kubernetes.apiServer.encryption, await readEncryptionKeys(at));
      return content === undefined ? [] : [file({ path: encryptionPath, content, mode: 0o600 })];
    },
  );
  return {
    ...inner,
    async check(look) {
      const [problem, check] = await Promise.all([encryptionNarrowed(look, spec, host.name), inner.check(look)]);
      return problem === undefined ? check : { state: "refused", problem };
    },
  };
}

function loaded(host: HostSpec): Condition<HostLook> {
  const server = ownApiServer(host);
  const argv = curlBody(`${server.origin}/metrics`, 20, curlCredentials(kubeClient));
  const fact = encryptionLoaded(encryptionPath, argv);
  return {
    title: `API server on ${host.name} to have loaded the encryption keys`,
    everyMs: 2000,
    withinMs: loadedWithinMs,
    async holds(look) {
      const { writtenAt, reloadedAt, startedAt } = await look.fact(fact);
      if (writtenAt === undefined) return { state: "not-yet", because: `${encryptionPath} is missing` };
      const at = Math.max(reloadedAt ?? 0, startedAt ?? 0);
      return at >= writtenAt
        ? { state: "met" }
        : { state: "not-yet", because: "it looks for a changed file once a minute" };
    },
  };
}
