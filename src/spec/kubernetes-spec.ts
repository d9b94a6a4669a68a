/** Kubernetes itself, after defaults and validation. */
export interface KubernetesSpec {
  /** major.minor.patch without a "v". */
  readonly version: string;
  /**
   * "binaries": release binaries in a folder per version, switched by a symbolic link, the previous one kept.
   * "packages": kubeadm, kubelet and kubectl of pkgs.k8s.io (or its mirror), held.
   */
  readonly install: "binaries" | "packages";
  /** Registry the control plane images come from; "registry.k8s.io" unless given. */
  readonly imageRepository: string;
  readonly apiServer: ApiServerSpec;
  /** Flags by name without dashes, added to and winning over Slipway's own. */
  readonly controllerManager: { readonly extraArgs: Readonly<Record<string, string>> };
  readonly scheduler: { readonly extraArgs: Readonly<Record<string, string>> };
  /** What every kubelet has; a pool's own wins. */
  readonly kubelet: KubeletSpec;
  readonly proxy: ProxySpec;
  /** Days the certificates kubeadm issues are valid; kubeadm's default is 365. */
  readonly certificateValidityDays: number;
}

/** kube-apiserver on every control plane. */
export interface ApiServerSpec {
  readonly extraArgs: Readonly<Record<string, string>>;
  /** Names and addresses beyond the endpoint's and the control planes' own. */
  readonly extraSans: readonly string[];
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly requestTimeoutSeconds: number;
  readonly eventTtlMinutes: number;
  /** On top of those kube-apiserver enables by default. */
  readonly admissionPlugins: readonly string[];
  readonly audit: {
    readonly enabled: boolean;
    /** The user's own policy file's text; absent: Slipway's. */
    readonly policy?: string;
    readonly maxAgeDays: number;
    readonly maxBackups: number;
    readonly maxSizeMegabytes: number;
  };
  /** Encryption at rest. "none" only on purpose. */
  readonly encryption:
    | { readonly provider: "secretbox" | "aesgcm"; readonly resources: readonly string[] }
    | {
        readonly provider: "kms";
        readonly name: string;
        readonly endpoint: string;
        readonly resources: readonly string[];
      }
    | { readonly provider: "none" };
  /** OpenID Connect issuers, as structured authentication configuration. */
  readonly oidc: readonly {
    readonly issuerUrl: string;
    readonly audiences: readonly string[];
    /** PEM text of the issuer's authority; absent: the system's. */
    readonly certificateAuthority?: string;
    readonly usernameClaim: string;
    readonly usernamePrefix: string;
    readonly groupsClaim: string;
    readonly groupsPrefix: string;
  }[];
}

/** Fields left out are Slipway's defaults, which depend on the size of the host where that is said. */
export interface KubeletSpec {
  readonly maxPods?: number;
  /**
   * Kubernetes quantities by resource name: cpu, memory, ephemeral-storage. "auto", and what is not named: by the size of
   * the host.
   */
  readonly kubeReserved?: "auto" | Readonly<Record<string, string>>;
  readonly systemReserved?: "auto" | Readonly<Record<string, string>>;
  /** Thresholds by signal: "memory.available": "500Mi". Signals that are not named keep Slipway's defaults. */
  readonly evictionHard?: Readonly<Record<string, string>>;
  readonly podPidsLimit?: number;
  readonly containerLogMaxSize?: string;
  readonly containerLogMaxFiles?: number;
  readonly maxParallelImagePulls?: number;
  readonly shutdownGracePeriodSeconds?: number;
  readonly shutdownGracePeriodCriticalPodsSeconds?: number;
  readonly imageGcHighThresholdPercent?: number;
  readonly imageGcLowThresholdPercent?: number;
  /** Fields of KubeletConfiguration as Kubernetes spells them, winning over everything. */
  readonly extraConfig?: Readonly<Record<string, unknown>>;
}

/** kube-proxy on every node. */
export interface ProxySpec {
  /** "auto": nftables where the kernel has it, else iptables; none where the network plugin replaces kube-proxy. */
  readonly mode: "auto" | "nftables" | "iptables" | "ipvs" | "none";
}
