import type { FakeHost } from "./fake-host.ts";
import type { FakeRun } from "./fake-host-script.ts";

const mark = "link to ";

/**
 * What programs make and say of symbolic links, for fake hosts: a link is a file that says where it leads, so that it is
 * removed like any other. To be put before `fileCommands`, whose `mv` knows nothing of links.
 */
export const linkCommands: readonly FakeRun[] = [
  {
    argv: ["env", "QUOTING_STYLE=shell-escape-always", "stat"],
    answer: ({ argv, host }) => {
      const lines = argv.slice(5).flatMap((path) => {
        const target = linkOn(host, path);
        return target === undefined ? [] : [`'${path}' -> '${target}'\n`];
      });
      return { exitCode: lines.length === argv.length - 5 ? 0 : 1, stdout: lines.join("") };
    },
  },
  {
    argv: ["ln", "-sfT"],
    answer: ({ argv, host }) => {
      host.files.write(argv.at(-1) ?? "", `${mark}${argv.at(-2)}`);
      return "";
    },
  },
];

/** Where a link leads; undefined where there is none. */
export function linkOn(host: FakeHost, path: string): string | undefined {
  const text = host.files.text(path);
  return text?.startsWith(mark) === true ? text.slice(mark.length) : undefined;
}
