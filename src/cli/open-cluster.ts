import { formatBriefly } from "../problems/format-briefly.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { loadCluster } from "../spec/load-cluster.ts";
import { specDigest } from "../spec/spec-digest.ts";
import { limits } from "../spec/yaml/limits.ts";
import { type StateFolder, stateFolder } from "../state/state-folder.ts";
import { commandFor } from "./command-for.ts";
import { printProblems } from "./print-problems.ts";
import { readInput } from "./read-input.ts";
import { shown } from "./shown.ts";
import { terminalStyle } from "./terminal-style.ts";

/** A cluster file that was read and found valid. */
export interface OpenedCluster {
  readonly spec: ClusterSpec;
  /** As the user named it. */
  readonly file: string;
  readonly specDigest: string;
  /** Where this cluster's keys, runs and known host keys are kept. */
  readonly state: StateFolder;
  readonly warnings: readonly Problem[];
}

/** How the warnings about a cluster file are told on stderr. */
export type ToldWarnings = "briefly" | "in full" | "not at all";

/** Reads the cluster file. Throws all its problems at once. Its warnings are a line each: `validate` tells them in full. */
export function openCluster(file: string, told: ToldWarnings = "briefly"): OpenedCluster {
  const loaded = loadCluster(readClusterFile(file), file);
  if ("problems" in loaded) throw new ProblemError(loaded.problems);
  if (loaded.warnings.length > 0) tellWarnings(loaded.warnings, file, told);
  return {
    spec: loaded.spec,
    file,
    specDigest: specDigest(loaded.spec),
    state: stateFolder(file, loaded.spec.name),
    warnings: loaded.warnings,
  };
}

function tellWarnings(warnings: readonly Problem[], file: string, told: ToldWarnings): void {
  if (told === "in full") printProblems(warnings);
  if (told === "briefly") {
    const lines = formatBriefly(shown(warnings), terminalStyle(process.stderr));
    process.stderr.write(`${lines}\ndetails  ${commandFor(file, "validate")}\n`);
  }
  if (told !== "not at all") process.stderr.write("\n");
}

/** Throws `usage/no-cluster-file`. */
function readClusterFile(file: string): Uint8Array {
  try {
    return readInput(file, limits.fileBytes);
  } catch (error) {
    throw new ProblemError(
      {
        code: "usage/no-cluster-file",
        severity: "error",
        message:
          file === "" ? "a cluster file without a name cannot be read" : `the cluster file ${file} cannot be read`,
        because: error instanceof Error ? error.message : String(error),
        hint: { text: "name it with -f FILE, or write one", command: "slipway init" },
      },
      { cause: error },
    );
  }
}
