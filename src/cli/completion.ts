import type { Command } from "commander";

/** Shells a completion script can be made for. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

interface Node {
  /** Words after "slipway": [] or ["etcd", "members"]. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly choices: readonly string[];
  }[];
}

/** A script for the shell to load, made from the commands and options there are. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = collect(program, []);
  return shell === "fish" ? fishScript(nodes) : bashScript(nodes, shell);
}

function collect(command: Command, path: readonly string[]): Node[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((one) => one.name() !== "help");
  const node: Node = {
    path,
    commands: commands.map((one) => ({ name: one.name(), description: one.summary() || one.description() })),
    options: [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap((option) =>
      option.long ? [{ flag: option.long, description: option.description, choices: option.argChoices ?? [] }] : [],
    ),
  };
  return [node, ...commands.flatMap((one) => collect(one, [...path, one.name()]))];
}

function bashScript(nodes: readonly Node[], shell: Shell): string {
  const words = nodes.map((node) => {
    const all = [...node.commands.map((one) => one.name), ...node.options.map((one) => one.flag)];
    return `    "${node.path.join(" ")}") words="${all.join(" ")}" ;;`;
  });
  const choices = new Map(nodes.flatMap((node) => node.options.map((one) => [one.flag, one.choices] as const)));
  const values = [...choices].filter(([, list]) => list.length > 0);
  const paths = nodes.filter((node) => node.path.length > 0).map((node) => `"${node.path.join(" ")}"`);
  return `${shell === "zsh" ? "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" : ""}_slipway() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${paths.join("|")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$previous" in
    --file|-f|--out) COMPREPLY=($(compgen -f -- "$current")); return ;;
${values.map(([flag, list]) => `    ${flag}) COMPREPLY=($(compgen -W "${list.join(" ")}" -- "$current")); return ;;`).join("\n")}
  esac
  case "$path" in
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _slipway slipway
`;
}

function fishScript(nodes: readonly Node[]): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = nodes.flatMap((node) => {
    const seen = node.path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const below = node.commands.map((one) => one.name).join(" ");
    const notBelow = below === "" ? [] : [`not __fish_seen_subcommand_from ${below}`];
    const when = [...seen, ...notBelow].join("; and ") || "true";
    return [
      ...node.commands.map(
        (one) => `complete -c slipway -f -n ${quoted(when)} -a ${one.name} -d ${quoted(one.description)}`,
      ),
      ...node.options.map((one) => {
        const values = one.choices.length > 0 ? ` -x -a ${quoted(one.choices.join(" "))}` : "";
        return `complete -c slipway -n ${quoted(when)} -l ${one.flag.slice(2)}${values} -d ${quoted(one.description)}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}
