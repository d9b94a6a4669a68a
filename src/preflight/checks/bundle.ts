import { architectureOf } from "../../artifacts/architecture.ts";
import type { Bundle } from "../../artifacts/bundle.ts";
import { bundleSource } from "../../artifacts/bundle-source.ts";
import type { ChartValues } from "../../artifacts/chart-values.ts";
import { neededArtifacts } from "../../artifacts/needed-artifacts.ts";
import { networkPluginValues } from "../../artifacts/network-plugin-chart.ts";
import { kernel } from "../../facts/kernel.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { judgeHosts } from "../ask-hosts.ts";
import { bundleOf } from "../bundle-of.ts";
import type { CheckOutcome, Finding, PreflightCheck } from "../check.ts";

/** The bundle is there and has every program and image of every host. Packages are compared where it is made. */
export const bundle: PreflightCheck = {
  name: "bundle",
  asks: "a bundle with what every host needs",
  async run(context): Promise<CheckOutcome> {
    const found = bundleOf(context.spec);
    if (found === undefined) {
      return { state: "judged", findings: [], because: "the cluster file names none: hosts fetch what they need" };
    }
    if ("problem" in found) {
      const { message, because = "", hint = { text: "make the bundle" } } = found.problem;
      return { state: "judged", because: "", findings: [{ severity: "error", message, because, hint }] };
    }
    const source = bundleSource(found.bundle);
    let values: { readonly chart: ChartValues | undefined } | undefined;
    // Read once for all hosts.
    const chart = () => {
      values ??= { chart: networkPluginValues(context.spec, (name) => source.chart(name)) };
      return values.chart;
    };
    const because = `${found.bundle.path} has the programs and images of every host`;
    return await judgeHosts(context, context.hosts, because, async (host) => {
      const { architecture } = await context.fact(host.name, kernel);
      return judge(context.spec, host, architecture, found.bundle, chart());
    });
  },
};

function judge(
  spec: ClusterSpec,
  host: HostSpec,
  machine: string,
  { path, index }: Bundle,
  chart: ChartValues | undefined,
): readonly Omit<Finding, "host">[] {
  const architecture = architectureOf(machine);
  const needed = neededArtifacts(spec, { host, architecture }, chart);
  const there = new Set(
    index.artifacts.flatMap((one) => (one.kind !== "image" || one.architecture === architecture ? [one.name] : [])),
  );
  const missing = [...needed.files, ...needed.images].filter((name) => !there.has(name));
  if (missing.length === 0) return [];
  return [
    {
      severity: "error",
      message: "the bundle lacks something the host needs",
      because: `${path} was made for Kubernetes ${index.kubernetes} and has no ${missing.join(", no ")}`,
      hint: { text: "make the bundle anew from this cluster file", command: "slipway bundle create FILE" },
    },
  ];
}
