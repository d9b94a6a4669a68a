import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Lab } from "../../src/lab/lab.ts";
import { type TimedRun, timedRun } from "./timed-program.ts";

const slipwayFile = fileURLToPath(new URL("../../bin/slipway.js", import.meta.url));
const ansibleFolder = fileURLToPath(new URL("ansible", import.meta.url));

/** `ssh HOST true` on all hosts at once, each a connection of its own with OpenSSH's defaults: nothing that asks hosts anything is faster. */
export async function sshTrue(lab: Lab): Promise<TimedRun> {
  const hosts = lab.machines.map(({ name }) => name).join(" ");
  const ssh = `ssh -F ${lab.sshConfigFile} -o ControlMaster=no -o ControlPath=none -l root`;
  const script = `pids=; for h in ${hosts}; do ${ssh} "$h" true & pids="$pids $!"; done; for p in $pids; do wait "$p" || exit 1; done`;
  return await timedRun({ argv: ["sh", "-c", script] });
}

/** Slipway's command line in a process of its own, as a user starts it, with its control sockets in `folder`. */
export class Slipway {
  readonly #clusterFile: string;
  readonly #runtimeFolder: string;

  constructor(clusterFile: string, folder: string) {
    this.#clusterFile = clusterFile;
    this.#runtimeFolder = join(folder, "run");
    mkdirSync(this.#runtimeFolder, { recursive: true, mode: 0o700 });
  }

  async run(...args: readonly string[]): Promise<TimedRun> {
    return await timedRun({
      argv: [process.execPath, slipwayFile, "-f", this.#clusterFile, ...args],
      env: { XDG_RUNTIME_DIR: this.#runtimeFolder },
    });
  }

  async plan(): Promise<TimedRun> {
    return await this.run("plan", "--through", "baseline");
  }

  /** Ends the connections that were left open for the next command. */
  async closeConnections(): Promise<void> {
    await closeMasters(join(this.#runtimeFolder, "slipway"));
  }
}

/** What Slipway's plan of bare machines declares, for the playbook to declare too. */
export interface Declared {
  readonly files: readonly { readonly path: string; readonly content: string }[];
  readonly packages: readonly string[];
  /** Kernel settings these machines have. */
  readonly sysctls: readonly { readonly key: string; readonly value: string }[];
}

const notifiedBy: readonly (readonly [RegExp, string])[] = [
  [/sysctl\.d/, "Load kernel settings"],
  [/system\.conf\.d/, "Execute systemd again"],
  [/chrony/, "Restart chrony"],
];

/** ansible-playbook with the same resources, forks for all hosts, pipelining and connections that are kept. */
export class Ansible {
  readonly #folder: string;
  readonly #forks: number;

  constructor(lab: Lab, declared: Declared, folder: string) {
    this.#folder = join(folder, "ansible");
    this.#forks = lab.machines.length;
    mkdirSync(join(this.#folder, "files"), { recursive: true });
    mkdirSync(join(this.#folder, "cp"), { recursive: true, mode: 0o700 });
    const files = declared.files.map(({ path, content }, at) => {
      const source = join(this.#folder, "files", String(at));
      writeFileSync(source, content);
      const notify = notifiedBy.find(([pattern]) => pattern.test(path))?.[1] ?? "Nothing has to notice";
      return { path, source, notify };
    });
    const folders = [...new Set(files.map(({ path }) => dirname(path)))];
    writeFileSync(
      join(this.#folder, "vars.json"),
      JSON.stringify({ folders, files, packages: declared.packages, sysctls: declared.sysctls }),
    );
    const hosts = lab.machines.map(({ name, address }) => `${name} ansible_host=${address}\n`).join("");
    writeFileSync(
      join(this.#folder, "inventory"),
      `${hosts}\n[all:vars]\nansible_user=root\nansible_ssh_private_key_file=${lab.identityFile}\n` +
        `ansible_ssh_common_args='-o IdentitiesOnly=yes -o UserKnownHostsFile=${lab.knownHostsFile}'\n`,
    );
  }

  /**
   * Runs the playbook; `changed` is the number of tasks that changed something, over all hosts. "same": everything
   * Slipway looks at is looked at; "fewest": the kernel's settings are not.
   */
  async run(checks: "same" | "fewest" = "same"): Promise<TimedRun & { readonly changed: number }> {
    const run = await timedRun({
      argv: [
        ...["ansible-playbook", "-i", join(this.#folder, "inventory"), "-f", String(this.#forks)],
        ...["-e", `@${join(this.#folder, "vars.json")}`, "-e", JSON.stringify({ same_checks: checks === "same" })],
        join(ansibleFolder, "site.yml"),
      ],
      env: {
        ANSIBLE_CONFIG: join(ansibleFolder, "ansible.cfg"),
        ANSIBLE_SSH_CONTROL_PATH_DIR: join(this.#folder, "cp"),
        ANSIBLE_LOCAL_TEMP: join(this.#folder, "tmp"),
        LC_ALL: "C.UTF-8",
      },
    });
    const changed = [...run.stdout.matchAll(/\bchanged=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    return { ...run, changed };
  }

  async closeConnections(): Promise<void> {
    await closeMasters(join(this.#folder, "cp"));
  }
}

async function closeMasters(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await Promise.all(
    readdirSync(folder).map(async (socket) => {
      const argv = ["ssh", "-F", "none", "-O", "exit", "-o", `ControlPath=${join(folder, socket)}`, "none"];
      // One that ended by itself leaves a socket nobody listens at.
      await timedRun({ argv: ["sh", "-c", `"$@" || rm -f ${join(folder, socket)}`, "sh", ...argv] });
    }),
  );
}
