import type { ApiServerSpec } from "../../spec/kubernetes-spec.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";

/** What may be asked without saying who one is: load balancers and kubelets have no credentials for it. */
export const anonymousPaths = ["/livez", "/readyz", "/healthz"] as const;

/**
 * Who the API server believes, as structured authentication: anonymous requests for health only, and the OpenID Connect
 * issuers. It is loaded anew when the file changes.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration (2026-11-21)
 */
export function authenticationConfiguration(apiServer: ApiServerSpec): string {
  return kubernetesYaml({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    anonymous: { enabled: true, conditions: anonymousPaths.map((path) => ({ path })) },
    ...(apiServer.oidc.length === 0 ? {} : { jwt: apiServer.oidc.map(jwtAuthenticator) }),
  });
}

function jwtAuthenticator(issuer: ApiServerSpec["oidc"][number]): unknown {
  const { audiences } = issuer;
  return {
    issuer: {
      url: issuer.issuerUrl,
      audiences: [...audiences],
      // Wanted by Kubernetes where there are several, and only there.
      ...(audiences.length > 1 ? { audienceMatchPolicy: "MatchAny" } : {}),
      ...(issuer.certificateAuthority === undefined ? {} : { certificateAuthority: issuer.certificateAuthority }),
    },
    claimMappings: {
      username: { claim: issuer.usernameClaim, prefix: issuer.usernamePrefix },
      groups: { claim: issuer.groupsClaim, prefix: issuer.groupsPrefix },
    },
  };
}
