// Who may import whom (see CONTRIBUTING.md). A folder may always import itself; `to` lists what else it may import.
const layers = {
  domain: [],
  problems: [],
  hosts: ["problems"],
  facts: ["hosts", "problems"],
  spec: ["domain", "problems", "hosts"],
  artifacts: ["spec", "domain", "hosts", "problems"],
  engine: ["hosts", "facts", "problems"],
  state: ["problems", "hosts", "engine"],
  resources: ["hosts", "facts", "engine", "problems"],
  pki: ["problems", "hosts", "domain"],
  cluster: ["hosts", "facts", "engine", "problems", "domain", "spec"],
  parts: ["spec", "domain", "facts", "resources", "engine", "hosts", "problems", "pki", "cluster", "artifacts"],
  plans: ["parts", "spec", "engine", "hosts"],
  preflight: ["spec", "domain", "facts", "engine", "hosts", "problems", "report", "artifacts"],
  status: ["spec", "domain", "facts", "engine", "hosts", "problems", "cluster", "report"],
  report: ["engine", "problems"],
  lab: ["problems", "hosts"],
};
const test = "\\.(test|property\\.test)\\.ts$";

module.exports = {
  forbidden: [
    {
      name: "no-cycle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-orphan-import",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^(dependency-cruiser/config-utl/|diff/lib/)" },
    },
    {
      name: "nobody-imports-cli",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(cli/|main\\.ts)" },
      to: { path: "^src/cli/" },
    },
    ...Object.entries(layers).map(([folder, allowed]) => ({
      name: `${folder}-imports-only-${allowed.join("-") || "nothing-of-ours"}`,
      severity: "error",
      from: { path: `^src/${folder}/`, pathNot: test },
      to: { path: "^src/", pathNot: `^src/(${[folder, ...allowed].join("|")})/` },
    })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
