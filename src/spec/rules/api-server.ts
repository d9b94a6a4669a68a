import type { Sections } from "../schema/cluster-file-schema.ts";
import { suggest } from "../suggest.ts";
import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";

type ApiServer = Sections["kubernetes"]["apiServer"];

const path = ["spec", "kubernetes", "apiServer"] as const;

/** Plugins that may be asked for (pkg/kubeapiserver/options/plugins.go of Kubernetes 1.36.2). The rest are on by default. */
const optionalPlugins = [
  "AlwaysPullImages",
  "DenyServiceExternalIPs",
  "EventRateLimit",
  "ExtendedResourceToleration",
  "ImagePolicyWebhook",
  "LimitPodHardAntiAffinityTopology",
  "NamespaceAutoProvision",
  "NamespaceExists",
  "NodeRestriction",
  "OwnerReferencesPermissionEnforcement",
  "PodNodeSelector",
  "PodTolerationRestriction",
];
const defaultPlugins = [
  "CertificateApproval",
  "CertificateSigning",
  "CertificateSubjectRestriction",
  "ClusterTrustBundleAttest",
  "DefaultIngressClass",
  "DefaultStorageClass",
  "DefaultTolerationSeconds",
  "LimitRanger",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionWebhook",
  "NamespaceLifecycle",
  "PersistentVolumeClaimResize",
  "PodSecurity",
  "PodTopologyLabels",
  "Priority",
  "ResourceQuota",
  "RuntimeClass",
  "ServiceAccount",
  "StorageObjectInUseProtection",
  "TaintNodesByCondition",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionWebhook",
];
const allPlugins = [...optionalPlugins, ...defaultPlugins];

/** What the API server is asked to do can be done, and is safe or said to be not. */
export const apiServer: Rule = ({ kubernetes }, report) => {
  if (kubernetes === undefined) return;
  checkPlugins(kubernetes.apiServer, report);
  checkAudit(kubernetes.apiServer, report);
  checkEncryption(kubernetes.apiServer.encryption, report);
  checkIssuers(kubernetes.apiServer, report);
  listedTwice(kubernetes.apiServer.extraSANs, [...path, "extraSANs"], report);
  listedTwice(kubernetes.apiServer.admissionPlugins, [...path, "admissionPlugins"], report);
  listedTwice(kubernetes.apiServer.encryption.resources, [...path, "encryption", "resources"], report);
};

/** An API server with a plugin it does not know does not start. */
function checkPlugins({ admissionPlugins }: ApiServer, report: RuleReport): void {
  for (const [index, name] of admissionPlugins.entries()) {
    if (allPlugins.includes(name)) continue;
    const at = [...path, "admissionPlugins", index];
    if (name === "AlwaysAdmit" || name === "AlwaysDeny") {
      report.error("config/unknown-admission-plugin", at, {
        message: `admission plugin ${name} is not for clusters`,
        because: name === "AlwaysDeny" ? "it refuses every request" : "it has no effect, and Kubernetes will remove it",
        hint: { text: "remove it" },
      });
      continue;
    }
    const near = suggest(name, allPlugins);
    const words = {
      message: `admission plugin ${name} is not one this version of Slipway knows`,
      because: "an API server with a plugin it does not know does not start",
      hint: { text: near === undefined ? "look it up for your version of Kubernetes" : `did you mean ${near}` },
    };
    if (near === undefined) report.warning("config/unknown-admission-plugin", at, words);
    else report.error("config/unknown-admission-plugin", at, words);
  }
}

function checkAudit({ audit }: ApiServer, report: RuleReport): void {
  if (audit.enabled || audit.policy === undefined) return;
  report.error("config/audit-conflict", [...path, "audit", "policy"], {
    message: "there is an audit policy, and nothing is recorded",
    because: `enabled (${report.placeOf([...path, "audit", "enabled"])}) is false`,
    hint: { text: "remove the policy, or write enabled: true" },
  });
}

function checkEncryption(encryption: ApiServer["encryption"], report: RuleReport): void {
  const { provider } = encryption;
  const at = [...path, "encryption"];
  const isKms = provider === "kms";
  for (const field of ["name", "endpoint"] as const) {
    const has = encryption[field] !== undefined;
    if (has === isKms) continue;
    report.error("config/encryption-conflict", has ? [...at, field] : [...at, "provider"], {
      message: has ? `encryption with ${provider} has no ${field}` : `encryption with a KMS plugin needs its ${field}`,
      because: has
        ? `provider (${report.placeOf([...at, "provider"])}) is ${provider}; ${field} is a KMS plugin's`
        : `provider is kms, and ${field} is not set`,
      hint: {
        text: has
          ? `remove ${field}, or write provider: kms`
          : field === "name"
            ? "add name: vault"
            : "add endpoint: unix:///run/kms/plugin.sock",
      },
    });
  }
  if (provider === "none") {
    report.warning("config/not-encrypted", [...at, "provider"], {
      message: "Secrets would lie in etcd as everybody who has its files can read them",
      because: "provider is none",
      hint: { text: "write provider: secretbox, or remove it; what is there already is then encrypted too" },
    });
  }
}

function checkIssuers({ oidc }: ApiServer, report: RuleReport): void {
  const firsts = new Map<string, number>();
  for (const [index, issuer] of oidc.entries()) {
    const at = [...path, "oidc", index];
    if (!issuer.issuerURL.startsWith("https://")) {
      report.error("config/insecure-issuer", [...at, "issuerURL"], {
        message: "an OpenID Connect issuer is reached without TLS",
        because: `found ${issuer.issuerURL}; kube-apiserver takes https only, for its keys decide who people are`,
        hint: { text: `write ${issuer.issuerURL.replace(/^http:/, "https:")}` },
      });
    }
    const first = firsts.get(issuer.issuerURL);
    if (first === undefined) firsts.set(issuer.issuerURL, index);
    else {
      report.error("config/listed-twice", [...at, "issuerURL"], {
        message: `${issuer.issuerURL} is in the list twice`,
        because: `the first one is on ${report.placeOf([...path, "oidc", first, "issuerURL"])}`,
        hint: { text: "put their audiences together" },
      });
    }
    listedTwice(issuer.audiences, [...at, "audiences"], report);
    for (const field of ["usernamePrefix", "groupsPrefix"] as const) {
      if (!issuer[field].startsWith("system:")) continue;
      report.error("config/reserved-subject", [...at, field], {
        message: `an issuer's ${field} cannot be ${issuer[field]}`,
        because: "names that start with system: are Kubernetes' own users and groups",
        hint: { text: "write a prefix of your own, such as oidc:" },
      });
    }
  }
}

function listedTwice(values: readonly string[], at: FieldPath, report: RuleReport): void {
  const firsts = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const first = firsts.get(value);
    if (first === undefined) {
      firsts.set(value, index);
      continue;
    }
    report.error("config/listed-twice", [...at, index], {
      message: `${value} is in the list twice`,
      because: `the first one is on ${report.placeOf([...at, first])}`,
      hint: { text: "remove one of them" },
    });
  }
}
