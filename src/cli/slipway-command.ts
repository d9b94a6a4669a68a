import { Command, type ErrorOptions } from "commander";
import { ProblemError } from "../problems/problem.ts";

/** A command that tells a wrong command line as a Problem (`usage/command-line`), like everything else that goes wrong. */
export class SlipwayCommand extends Command {
  override createCommand(name?: string): SlipwayCommand {
    return new SlipwayCommand(name);
  }

  override error(message: string, _options?: ErrorOptions): never {
    const [first = "", suggestion] = message.replace(/^error: /, "").split("\n");
    const [what = "", ...why] = first.split(/(?<=is invalid|for (?:argument )?'[\w-]+')\. /);
    const path = pathOf(this);
    throw new ProblemError({
      code: "usage/command-line",
      severity: "error",
      message: `${path}: ${what.replace(/\.$/, "")}`,
      ...(why.length > 0 && { because: lowered(why.join(" ")).replace(/\.$/, "") }),
      hint: {
        text: suggestion === undefined ? seeAll : `${lowered(suggestion.replace(/^\((.*)\)$/, "$1"))} Or ${seeAll}`,
        command: `${path} --help`,
      },
    });
  }
}

const seeAll = "see what there is";

/** "slipway etcd members" */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
