import { describe, expect, test } from "vitest";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import type { ApiServerSpec } from "../../spec/kubernetes-spec.ts";
import { auditPolicy } from "./audit-policy.ts";
import { authenticationConfiguration } from "./authentication-configuration.ts";
import { certificateNames, clusterConfiguration, controlPlaneEndpoint } from "./cluster-configuration.ts";
import { joinConfig, kubeadmConfig } from "./kubeadm-config.ts";
import { staticPodPatches } from "./kubeadm-patches.ts";

const golden = (name: string) => `../../../test/golden/kubernetes/${name}`;

function host(spec: ClusterSpec, name: string): HostSpec {
  const found = spec.hosts.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the sample has no ${name}`);
  return found;
}

const sample = sampleSpec();
const stacked = sampleSpec({ etcd: { ...sample.etcd, topology: "stacked", walDir: "/var/lib/etcd-wal" } });

function withApiServer(over: Partial<ApiServerSpec>): ClusterSpec {
  const { kubernetes } = sample;
  return sampleSpec({ kubernetes: { ...kubernetes, apiServer: { ...kubernetes.apiServer, ...over } } });
}

describe("what kubeadm is given", () => {
  test("on the first control plane, with external etcd", async () => {
    await expect(kubeadmConfig(sample, host(sample, "cp-1"))).toMatchFileSnapshot(golden("cp-1.kubeadm.yaml"));
  });

  test("on the first control plane, with stacked etcd", async () => {
    await expect(kubeadmConfig(stacked, host(stacked, "cp-1"))).toMatchFileSnapshot(golden("stacked.kubeadm.yaml"));
    await expect(
      staticPodPatches(stacked)
        .map(({ text }) => text)
        .join(""),
    ).toMatchFileSnapshot(golden("stacked.patches.yaml"));
  });

  test("to join a control plane and a worker", async () => {
    await expect(joinConfig(host(sample, "cp-2"))).toMatchFileSnapshot(golden("cp-2.join.yaml"));
    const batch: HostSpec = {
      ...host(sample, "w-1"),
      pool: "batch",
      taints: [
        { key: "pool", value: "batch", effect: "NoSchedule" },
        { key: "spot", value: "", effect: "PreferNoSchedule" },
      ],
    };
    await expect(joinConfig(batch)).toMatchFileSnapshot(golden("w-1.join.yaml"));
  });

  test("leaves a control plane that is a worker too without a taint", () => {
    const both = sampleHost("node-1", "10.0.0.11", ["control-plane", "worker"]);
    expect(joinConfig(both)).toContain("taints: []");
    expect(joinConfig(both)).toContain("controlPlane:");
  });

  test("never holds a token", () => {
    const all = sample.hosts.map((one) => `${kubeadmConfig(sample, one)}${joinConfig(one)}`).join("");
    expect(all).not.toMatch(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/);
    expect(all).toContain("kubeConfigPath: /dev/stdin");
  });
});

describe("what the API server reads", () => {
  test("is Slipway's audit policy, or the user's own, word by word", async () => {
    await expect(auditPolicy(undefined)).toMatchFileSnapshot(golden("audit-policy.yaml"));
    expect(auditPolicy("apiVersion: audit.k8s.io/v1\n")).toBe("apiVersion: audit.k8s.io/v1\n");
  });

  test("is who it believes: nobody without credentials, but for health, and the issuers", async () => {
    const { apiServer } = withApiServer({
      oidc: [
        {
          issuerUrl: "https://login.example.com",
          audiences: ["kubernetes"],
          usernameClaim: "email",
          usernamePrefix: "oidc:",
          groupsClaim: "groups",
          groupsPrefix: "oidc:",
        },
        {
          issuerUrl: "https://ci.example.com",
          audiences: ["deploy", "test"],
          certificateAuthority: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
          usernameClaim: "sub",
          usernamePrefix: "ci:",
          groupsClaim: "roles",
          groupsPrefix: "ci:",
        },
      ],
    }).kubernetes;
    await expect(authenticationConfiguration(apiServer)).toMatchFileSnapshot(golden("authentication.yaml"));
    expect(authenticationConfiguration(sample.kubernetes.apiServer)).not.toContain("jwt");
  });
});

describe("flags", () => {
  const flagsOf = (spec: ClusterSpec) => {
    const { extraArgs } = clusterConfiguration(spec).apiServer as { extraArgs: { name: string; value: string }[] };
    return Object.fromEntries(extraArgs.map(({ name, value }) => [name, value]));
  };

  test("of the cluster file win over Slipway's own", () => {
    const flags = flagsOf(withApiServer({ extraArgs: { "goaway-chance": "0", v: "4" } }));
    expect(flags["goaway-chance"]).toBe("0");
    expect(flags.v).toBe("4");
  });

  test("of something that is switched off are not there", () => {
    const off = withApiServer({
      audit: { ...sample.kubernetes.apiServer.audit, enabled: false },
      encryption: { provider: "none" },
    });
    expect(Object.keys(flagsOf(off)).filter((name) => /^(audit|encryption)/.test(name))).toEqual([]);
    expect(staticPodPatches(off)).toEqual([]);
  });

  test("always keep NodeRestriction, once", () => {
    expect(flagsOf(withApiServer({ admissionPlugins: ["PodNodeSelector", "NodeRestriction"] }))).toMatchObject({
      "enable-admission-plugins": "NodeRestriction,PodNodeSelector",
    });
  });

  test("spread clients over API servers only where there are several", () => {
    const single = sampleSpec({ hosts: sample.hosts.filter((one) => !["cp-2", "cp-3"].includes(one.name)) });
    expect(flagsOf(single)["goaway-chance"]).toBeUndefined();
    expect(flagsOf(sample)["goaway-chance"]).toBe("0.001");
  });

  test("mount the folder of a KMS plugin's socket", () => {
    const kms = withApiServer({
      encryption: { provider: "kms", name: "vault", endpoint: "unix:///run/kms/plugin.sock", resources: ["secrets"] },
    });
    const { extraVolumes } = clusterConfiguration(kms).apiServer as { extraVolumes: { hostPath: string }[] };
    expect(extraVolumes.map((one) => one.hostPath)).toContain("/run/kms");
  });
});

describe("the endpoint", () => {
  test("is an address where there is one, so that nodes do not need DNS", () => {
    const port = 6443;
    expect(controlPlaneEndpoint(sample)).toBe("10.0.0.10:6443");
    expect(controlPlaneEndpoint(sampleSpec({ endpoint: { kind: "external", name: "api.example.com", port } }))).toBe(
      "api.example.com:6443",
    );
    expect(controlPlaneEndpoint(sampleSpec({ endpoint: { kind: "host", address: "fd00::10", port } }))).toBe(
      "[fd00::10]:6443",
    );
  });

  test("is in the certificate by name and address, and other control planes are not", () => {
    const named = sampleSpec({ endpoint: { kind: "host", name: "api.example.com", address: "10.0.0.10", port: 6443 } });
    expect(certificateNames(named)).toEqual(["10.0.0.10", "127.0.0.1", "::1", "api.example.com", "localhost"]);
  });
});
