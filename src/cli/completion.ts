import type { Command } from "commander";

/** Shells a completion script can be made for. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

interface Node {
  /** Words after "slipway": [] or ["etcd", "members"]. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  /** What its first argument may be, when that is a choice. */
  readonly choices: readonly string[];
}

interface CompletedOption {
  /** "-f" and "--file", or the long one alone. */
  readonly flags: readonly string[];
  readonly long: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
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
      option.long
        ? {
            flags: [option.short, option.long].filter((flag) => flag !== undefined),
            long: option.long,
            description: option.description,
            takesValue: option.required || option.optional,
            choices: option.argChoices ?? [],
          }
        : [],
    ),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  return [node, ...commands.flatMap((one) => collect(one, [...path, one.name()]))];
}

/** Works in bash 3.2 and, through bashcompinit, in zsh. File names are completed where the script has nothing to say. */
function bashScript(nodes: readonly Node[], shell: Shell): string {
  const options = new Map(nodes.flatMap((node) => node.options.map((one) => [one.long, one] as const)));
  const values = [...options.values()].filter((one) => one.takesValue);
  const cases = nodes.map((node) => {
    const names = [...node.commands.map((one) => one.name), ...node.choices];
    const flags = node.options.flatMap((one) => one.flags);
    return `    "${node.path.join(" ")}") names="${names.join(" ")}" flags="${flags.join(" ")}" ;;`;
  });
  const paths = nodes.filter((node) => node.path.length > 0).map((node) => `"${node.path.join(" ")}"`);
  const valueCases = values.map(({ flags, choices }) => {
    const reply = choices.length === 0 ? "" : ` COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current"));`;
    return `    ${flags.join("|")})${reply} return ;;`;
  });
  return `${shell === "zsh" ? "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" : ""}_slipway() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at="" names="" flags="" skip="" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    if [ -n "$skip" ]; then skip=""; continue; fi
    case "$word" in
      ${values.flatMap((one) => one.flags).join("|")}) skip=yes; continue ;;
    esac
    case "\${at:+$at }$word" in
      ${paths.join("|")}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$previous" in
${valueCases.join("\n")}
  esac
  case "$at" in
${cases.join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$names" -- "$current")) ;;
  esac
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
      ...(node.choices.length > 0
        ? [`complete -c slipway -f -n ${quoted(when)} -a ${quoted(node.choices.join(" "))}`]
        : []),
      ...node.options.map((one) => {
        const short = one.flags.find((flag) => !flag.startsWith("--"));
        const value = one.choices.length > 0 ? ` -x -a ${quoted(one.choices.join(" "))}` : one.takesValue ? " -r" : "";
        const names = `${short === undefined ? "" : `-s ${short.slice(1)} `}-l ${one.long.slice(2)}`;
        return `complete -c slipway -n ${quoted(when)} ${names}${value} -d ${quoted(one.description)}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}
