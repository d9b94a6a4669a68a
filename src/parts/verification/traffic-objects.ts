import { kubernetesImages } from "../../artifacts/kubernetes-images.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { clusterDnsAddress, nodeLocalDnsAddress } from "../../spec/dns-addresses.ts";
import { owned } from "../kubernetes-objects/ownership-labels.ts";
import { systemNamespace } from "./verification-layout.ts";

/** The part whose label everything here carries. */
export const trafficPart = "traffic";
/** Which place of the traffic check a pod has: "0", "1", ... */
export const placeLabel = "slipway.dev/traffic-place";

const name = "slipway-traffic";
/** Where a pod answers who it is. */
const answerPort = 5300;
/** Where it passes questions on to others, and where to the node's own cache; both are DNS over HTTP. */
export const askPort = 8053;
export const askNodeLocalPort = 8054;

/** Name that is asked to find out which pod is behind the Service of a place. */
export function placeName(place: number): string {
  return `who.to-${place}.slipway`;
}

/** Name of the pod of a place in one try: pods of an earlier try may still be going. */
export function podName(place: number, attempt: string): string {
  return `${name}-${place}-${attempt}`;
}

/** A Service for each place, so that its address is known before any pod is there. */
export function trafficServices(places: number, attempt: string): readonly KubeObject[] {
  return Array.from({ length: places }, (_, place) =>
    owned(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: `${name}-${place}`, namespace: systemNamespace },
        spec: {
          selector: { "slipway.dev/part": trafficPart, [placeLabel]: `${place}-${attempt}` },
          ports: ["UDP", "TCP"].map((protocol) => ({
            name: `dns-${protocol.toLowerCase()}`,
            port: answerPort,
            targetPort: answerPort,
            protocol,
          })),
        },
      },
      trafficPart,
    ),
  );
}

/**
 * A pod on each of the nodes, of the DNS image that every cluster has anyway. A pod answers with its own name, and passes
 * a question on to the Service of any other, to the cluster's DNS, and to the node's cache.
 */
export function trafficPods(
  spec: ClusterSpec,
  nodes: readonly string[],
  serviceAddresses: readonly string[],
  attempt: string,
): readonly KubeObject[] {
  const metadata = { name: `${name}-${attempt}`, namespace: systemNamespace };
  const configuration: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    data: { Corefile: corefile(spec, serviceAddresses) },
  };
  const pods = nodes.map((node, place) => pod(spec, node, place, attempt));
  return [configuration, ...pods].map((object) => owned(object, trafficPart));
}

function pod(spec: ClusterSpec, nodeName: string, place: number, attempt: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(place, attempt),
      namespace: systemNamespace,
      labels: { [placeLabel]: `${place}-${attempt}` },
    },
    spec: {
      nodeName,
      tolerations: [{ operator: "Exists" }],
      // Should nobody be left to delete it.
      activeDeadlineSeconds: 900,
      terminationGracePeriodSeconds: 0,
      restartPolicy: "Always",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      dnsPolicy: "Default",
      containers: [
        {
          name: "traffic",
          image: kubernetesImages(spec).coreDns,
          imagePullPolicy: "IfNotPresent",
          args: ["-conf", "/etc/coredns/Corefile"],
          env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
          readinessProbe: { tcpSocket: { port: askPort }, periodSeconds: 1 },
          // The image's program has this capability as a file capability, and does not start without it.
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
          volumeMounts: [{ name: "configuration", mountPath: "/etc/coredns", readOnly: true }],
        },
      ],
      volumes: [{ name: "configuration", configMap: { name: `${name}-${attempt}` } }],
    },
  };
}

/**
 * https://coredns.io/plugins/template/, .../forward/ (2026-11-21). A server called https without a certificate speaks DNS
 * over plain HTTP, which is what the API server can pass on. What comes that way goes on over TCP, unless it is told to
 * prefer UDP: so Services are tried with the one, DNS with the other.
 */
function corefile(spec: ClusterSpec, serviceAddresses: readonly string[]): string {
  const port = (address: string) => (address.includes(":") ? `[${address}]:${answerPort}` : `${address}:${answerPort}`);
  const passing = (zone: string, on: number, to: string, options = "") => `https://${zone}:${on} {
    forward . ${to}${options}
}
`;
  const overUdp = " {\n        prefer_udp\n    }";
  return [
    `.:${answerPort} {
    template IN TXT slipway. {
        answer "{{ .Name }} 0 IN TXT {$POD_NAME}"
    }
}
`,
    ...serviceAddresses.map((address, place) => passing(`to-${place}.slipway.`, askPort, port(address))),
    passing(`${spec.network.dnsDomain}.`, askPort, clusterDnsAddress(spec), overUdp),
    ...(spec.addons.dns.nodeLocal ? [passing(".", askNodeLocalPort, nodeLocalDnsAddress(spec), overUdp)] : []),
  ].join("");
}
