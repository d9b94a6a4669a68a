import { Secret } from "../hosts/secret.ts";
import { ProblemError } from "../problems/problem.ts";

/** Whether somebody can answer questions here. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Asks a yes-or-no question on the terminal; "no" is the default. Throws `usage/cancelled` on Ctrl-C. */
export async function askYesNo(message: string): Promise<boolean> {
  const { confirm } = await prompts();
  return await answered(confirm({ message, initialValue: false }));
}

/** Asks for a line of text. Throws `usage/cancelled` on Ctrl-C. */
export async function askText(
  message: string,
  options: { initialValue?: string; placeholder?: string; validate?: (value: string) => string | undefined } = {},
): Promise<string> {
  const { validate, ...rest } = options;
  const { text } = await prompts();
  return await answered(text({ message, ...rest, ...(validate && { validate: (value) => validate(value ?? "") }) }));
}

/** Asks for a password without showing it. Throws `usage/cancelled` on Ctrl-C, `usage/cannot-ask` without a terminal. */
export async function askSecret(message: string): Promise<Secret> {
  if (!canAsk()) {
    throw new ProblemError({
      code: "usage/cannot-ask",
      severity: "error",
      message: `no answer to "${message}"`,
      because: "there is no terminal to ask on",
      hint: { text: "run it on a terminal, or give the user passwordless sudo and set ssh.sudo to passwordless" },
    });
  }
  const { password } = await prompts();
  return new Secret(await answered(password({ message })));
}

/** Loaded for the first question: most commands ask none. */
async function prompts() {
  return await import("@clack/prompts");
}

async function answered<T>(question: Promise<T>): Promise<Exclude<T, symbol>> {
  const { isCancel } = await prompts();
  const answer = await question;
  if (isCancel(answer)) {
    throw new ProblemError({
      code: "usage/cancelled",
      severity: "error",
      message: "nothing was done",
      because: "the question was cancelled",
    });
  }
  return answer as Exclude<T, symbol>;
}
