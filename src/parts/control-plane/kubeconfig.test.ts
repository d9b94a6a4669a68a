import { expect, test } from "vitest";
import { parse } from "yaml";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import { createAuthority } from "../../pki/certificate-authority.ts";
import { inspectCertificate, isSignedBy } from "../../pki/inspect-certificate.ts";
import { endpointUrl, kubeconfig } from "./kubeconfig.ts";

const now = new Date("2026-11-21T12:00:00Z");

test("a kubeconfig carries a certificate of its own, for the user, the groups and the days asked for", async () => {
  const authority = await createAuthority("demo Kubernetes CA", now);
  const user = { name: "alice", groups: ["dev", "ops"], validForDays: 30 };
  const made = await kubeconfig(sampleSpec(), authority, user, now);
  expect(`${made}`).toBe("***");
  const config = parse(made.reveal().toString("utf8")) as {
    clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
    users: [{ user: { "client-certificate-data": string } }];
    "current-context": string;
  };
  expect(config["current-context"]).toBe("alice@demo");
  const { cluster } = config.clusters[0];
  expect(cluster.server).toBe("https://10.0.0.10:6443");
  expect(Buffer.from(cluster["certificate-authority-data"], "base64").toString()).toBe(authority.certificate);
  const pem = Buffer.from(config.users[0].user["client-certificate-data"], "base64").toString();
  expect(isSignedBy(pem, authority.certificate, "client")).toBe(true);
  expect(inspectCertificate(pem, "client")).toMatchObject({
    commonName: "alice",
    organizations: ["dev", "ops"],
    usages: ["client"],
    notAfter: new Date("2026-12-21T12:00:00Z"),
  });
});

test("people reach the endpoint by its name where it has one, and IPv6 by address in brackets", () => {
  const port = 8443;
  const named = sampleSpec({ endpoint: { kind: "host", name: "api.example.com", address: "10.0.0.10", port } });
  expect(endpointUrl(named)).toBe("https://api.example.com:8443");
  expect(endpointUrl(sampleSpec({ endpoint: { kind: "host", address: "fd00::10", port } }))).toBe(
    "https://[fd00::10]:8443",
  );
});
