import { type Command, InvalidArgumentError, Option } from "commander";
import { outputFormats } from "../report/output-formats.ts";
import { completionScript, type Shell, shells } from "./completion.ts";
import { hintsName } from "./shown.ts";
import { SlipwayCommand } from "./slipway-command.ts";
import { version } from "./version.ts";

/** Options every command has. */
export interface GlobalOptions {
  readonly file: string;
  readonly output: (typeof outputFormats)[number];
}

/**
 * The command tree. Commands are imported when they are run, so that `--help` and completion do not pay for them.
 * Throws instead of exiting: a
 * ProblemError for a wrong command line, commander's CommanderError after it printed help or the version.
 */
export function buildProgram(): Command {
  const program = new SlipwayCommand("slipway")
    .description(
      "From bare Linux hosts to a production-ready, highly available Kubernetes cluster, and every day after.",
    )
    .version(version, "-V, --version", "print the version")
    .addOption(new Option("-f, --file <path>", "the cluster file").default("cluster.yaml").env("SLIPWAY_FILE"))
    .addOption(
      new Option("-o, --output <format>", "how to print a result; apply -o json prints a line per event")
        .choices(outputFormats)
        .default("text"),
    )
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", firstSteps)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError()
    .exitOverride()
    .hook("preAction", (_program, command) => hintsName(command.optsWithGlobals<GlobalOptions>().file));

  program
    .command("init")
    .description("write a commented cluster file, from questions or from flags")
    .option("--name <name>", "name of the cluster")
    .option("--load-balancers <hosts>", "load balancer hosts: name=address, comma-separated", commaList)
    .option("--control-planes <hosts>", "control plane hosts: name=address, ...", commaList)
    .option(
      "--etcd <hosts>",
      "hosts of external etcd; without, it runs on the control planes: name=address, ...",
      commaList,
    )
    .option("--workers <hosts>", "worker hosts: name=address, ...", commaList)
    .option("--vip <address>", "virtual IP of the API endpoint with its prefix length, like 10.0.0.10/24")
    .option("--endpoint <name>", "name of the API endpoint; without load balancer hosts, name or address of your own")
    .option("--ssh-user <user>", "user to log in as; default root")
    .option("--kubernetes-version <version>", "Kubernetes version", "1.36.2")
    .option("--force", "overwrite an existing file")
    .action(async (_options, command: Command) => (await import("./init.ts")).init(command.optsWithGlobals()));

  program
    .command("validate")
    .description("check the cluster file; asks no host")
    .action(async (_options, command: Command) => (await import("./validate.ts")).validate(command.optsWithGlobals()));

  program
    .command("schema")
    .description("print the JSON Schema of the cluster file, for editors")
    .action(async (_options, command: Command) => (await import("./schema.ts")).schema(command.optsWithGlobals()));

  const hosts = program.command("hosts").description("the hosts' SSH keys");
  hosts
    .command("trust")
    .description("show the SSH host keys of hosts and, once confirmed, record them")
    .argument("[hosts...]", "names of hosts; default all")
    .option("-y, --yes", "record without asking (compare the fingerprints by other means)")
    .action(async (names: string[], _options, command: Command) =>
      (await import("./hosts-trust.ts")).hostsTrust(names, command.optsWithGlobals()),
    );

  program
    .command("preflight")
    .description("ask the hosts whether they are fit for their roles; measures etcd's disk")
    .option("--limit <hosts>", "only these hosts, comma-separated", commaList)
    .action(async (_options, command: Command) =>
      (await import("./preflight.ts")).preflight(command.optsWithGlobals()),
    );

  program
    .command("plan")
    .description("show what apply would change; changes nothing")
    .option("--out <path>", "save the plan, for 'slipway apply PATH'")
    .addOption(
      new Option("--diff <how>", "how much of each file's diff to show")
        .choices(["short", "full", "none"])
        .default("short"),
    )
    .option("--through <phase>", "stop after this phase, from baseline to verification")
    .option("--limit <hosts>", "only these hosts, comma-separated", commaList)
    .option("--traffic", "send traffic between pods although nothing has changed since it was last seen")
    .action(async (_options, command: Command) => (await import("./plan.ts")).plan(command.optsWithGlobals()));

  program
    .command("apply")
    .description("make the hosts as the cluster file says, each step verified")
    .argument("[plan]", "a saved plan: does exactly what it showed, or refuses; not asked about again")
    .option("-y, --yes", "do not ask for approval")
    .addOption(
      new Option("--diff <how>", "how much of each file's diff to show")
        .choices(["short", "full", "none"])
        .default("short"),
    )
    .option("--through <phase>", "stop after this phase, from baseline to verification")
    .option("--limit <hosts>", "only these hosts, comma-separated", commaList)
    .option("--traffic", "send traffic between pods although nothing has changed since it was last seen")
    .option("--continue-on-error", "after a failure, go on with what does not depend on it")
    .option("--within <minutes>", "start nothing new after this many minutes", minutes)
    .action(async (path: string | undefined, _options, command: Command) =>
      (await import("./apply.ts")).apply(path, command.optsWithGlobals()),
    );

  program
    .command("status")
    .description("what the hosts, the entry point, etcd and Kubernetes are doing now")
    .action(async (_options, command: Command) => (await import("./status.ts")).status(command.optsWithGlobals()));

  program
    .command("kubeconfig")
    .description("write a kubeconfig for people, signed by the cluster's authority in the vault; asks no host")
    .option("--out <path>", "the file to write, - for standard output; default NAME.kubeconfig")
    .option("--user <name>", "who it is for, as the audit log names them", "admin")
    .addOption(
      new Option("--group <names>", "groups, comma-separated")
        .argParser(commaList)
        .default(["kubeadm:cluster-admins"], "kubeadm:cluster-admins"),
    )
    .option("--days <number>", "days it is valid; default kubernetes.certificateValidityDays", days)
    .option("--force", "overwrite an existing file")
    .action(async (_options, command: Command) =>
      (await import("./kubeconfig.ts")).writeKubeconfig(command.optsWithGlobals()),
    );

  const etcd = program.command("etcd").description("the etcd cluster");
  etcd
    .command("members")
    .description("list the members, the leader, versions and database sizes")
    .action(async (_options, command: Command) => (await import("./etcd.ts")).etcdMembers(command.optsWithGlobals()));
  etcd
    .command("health")
    .description("ask every member whether it serves, and say what may still fail")
    .action(async (_options, command: Command) => (await import("./etcd.ts")).etcdHealth(command.optsWithGlobals()));

  const rbac = program.command("rbac").description("who may do what in the cluster");
  rbac
    .command("can-i")
    .description("ask the API server what every team may do in its namespaces, and in kube-system")
    .action(async (_options, command: Command) => (await import("./rbac.ts")).rbacCanI(command.optsWithGlobals()));
  rbac
    .command("audit")
    .description("list everybody who may do anything")
    .action(async (_options, command: Command) => (await import("./rbac.ts")).rbacAudit(command.optsWithGlobals()));

  const secrets = program.command("secrets").description("how Secrets are kept in etcd");
  secrets
    .command("rotate-key")
    .description("encrypt everything in etcd with a new key, look whether it is, and drop the old one")
    .option("-y, --yes", "do not ask for approval")
    .action(async (_options, command: Command) =>
      (await import("./secrets.ts")).secretsRotateKey(command.optsWithGlobals()),
    );

  const runs = program.command("runs").description("what earlier runs did");
  runs
    .command("list")
    .description("list the runs of this cluster")
    .action(async (_options, command: Command) => (await import("./runs.ts")).runsList(command.optsWithGlobals()));
  runs
    .command("show")
    .description("print the as-run document of a run")
    .argument("[run]", "id of a run; default the last")
    .addOption(
      new Option("--format <format>", "format of the document").choices(["markdown", "html"]).default("markdown"),
    )
    .action(async (run: string | undefined, _options, command: Command) =>
      (await import("./runs.ts")).runsShow(run, command.optsWithGlobals()),
    );

  const bundle = program.command("bundle").description("everything a cluster needs, in one file");
  bundle
    .command("create")
    .description("write a bundle with all the hosts of the cluster file need, or say what is missing")
    .argument("<bundle>", "the bundle file to write")
    .option("--from-dir <folder>", "files, images and packages you have (docs/bundles.md); default: download all")
    .option("--download", "with --from-dir: download what is not in the folder")
    .option("--platform <list>", "what the hosts run, like debian-12/amd64, instead of asking them", commaList)
    .option("--all", "put everything in the folder into it, needed or not")
    .option("--no-packages", "no system packages: the hosts have repositories of their own")
    .option("--notes <text>", "a remark for 'bundle inspect'")
    .action(async (path: string, _options, command: Command) =>
      (await import("./bundle.ts")).bundleCreate(path, command.optsWithGlobals()),
    );
  bundle
    .command("inspect")
    .description("list what is in a bundle")
    .argument("<bundle>", "a bundle file")
    .action(async (path: string, _options, command: Command) =>
      (await import("./bundle.ts")).bundleInspect(path, command.optsWithGlobals()),
    );
  bundle
    .command("verify")
    .description("read all of a bundle and compare it with its index")
    .argument("<bundle>", "a bundle file")
    .option("--complete", "also compare it with what the hosts of the cluster file need")
    .option("--platform <list>", "what the hosts run, like debian-12/amd64, instead of asking them", commaList)
    .option("--no-packages", "system packages need not be in it")
    .action(async (path: string, _options, command: Command) =>
      (await import("./bundle.ts")).bundleVerify(path, command.optsWithGlobals()),
    );

  const lab = program.command("lab").description("real machines on this computer, for trying and testing");
  lab
    .command("up")
    .description("boot a machine for every host of the cluster file; needs root on Linux")
    .action(async (_options, command: Command) => (await import("./lab.ts")).labUpCommand(command.optsWithGlobals()));
  lab
    .command("down")
    .description("remove a lab: machines, network and disks")
    .argument("[name]", "name of the lab; default the cluster file's")
    .action(async (name: string | undefined, _options, command: Command) =>
      (await import("./lab.ts")).labDownCommand(name, command.optsWithGlobals()),
    );
  lab
    .command("list")
    .description("list the labs on this computer")
    .action(async (_options, command: Command) => (await import("./lab.ts")).labListCommand(command.optsWithGlobals()));
  lab
    .command("ssh")
    .description("log in to a machine of the lab, or run a command on it")
    .argument("<machine>", "name of the machine")
    .argument("[command...]", "what to run there; put -- before it")
    .action(async (machine: string, words: string[], _options, command: Command) =>
      (await import("./lab.ts")).labSshCommand(machine, words, command.optsWithGlobals()),
    );

  program
    .command("demo")
    .description(
      "boot the example's seven machines, build a cluster on them and say what to try next; needs root, and for Kubernetes itself a bundle or the internet",
    )
    .option("--bundle <file>", "bundle to take Kubernetes from")
    .action(async (_options, command: Command) => (await import("./demo.ts")).demo(command.optsWithGlobals()));

  program
    .command("completion")
    .description("print a completion script for a shell, to be loaded by it")
    .addArgument(program.createArgument("<shell>", "which shell").choices(shells))
    .action((shell: Shell) => {
      process.stdout.write(completionScript(program, shell));
    });

  return program;
}

const firstSteps = `
First steps:
  slipway init           write a cluster file
  slipway hosts trust    record the hosts' SSH keys
  slipway plan           see what would be changed
  slipway apply          change it

'slipway COMMAND --help' tells more. Exit codes: 0 done, 1 bug, 2 wrong usage or
cluster file, 3 refused, 4 stopped part-way, 5 hosts not reached, 6 not verified
in time or degraded, 130 interrupted.`;

function commaList(text: string): string[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.some((word) => word === "")) throw new InvalidArgumentError("Expected names separated by commas.");
  return words;
}

function days(text: string): number {
  const number = Number(text);
  if (!(Number.isSafeInteger(number) && number > 0 && number <= 3650)) {
    throw new InvalidArgumentError("Expected a whole number of days from 1 to 3650.");
  }
  return number;
}

function minutes(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("Expected a number of minutes above 0.");
  return number;
}
