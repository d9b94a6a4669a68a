import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { textOf } from "./not-understood.ts";

/** What /etc/resolv.conf tells programs, and pods, about names. */
export interface Resolver {
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
}

const path = "/etc/resolv.conf";

/** The name servers of a host; undefined when it has no /etc/resolv.conf. */
export const resolver: Fact<Resolver | undefined> = {
  name: "resolver",
  reads: [linesOfFiles([path])],
  parse: ([answer]) => {
    const text = textOf("resolver", path, fileAmong("resolver", path, answer));
    if (text === undefined) return undefined;
    const words = text.split("\n").map((line) =>
      line
        .replace(/[#;].*$/, "")
        .trim()
        .split(/\s+/),
    );
    return {
      nameServers: words.flatMap(([key, server]) => (key === "nameserver" && server !== undefined ? [server] : [])),
      // The last search line is the one that counts.
      searchDomains: words.findLast(([key]) => key === "search")?.slice(1) ?? [],
    };
  },
};
