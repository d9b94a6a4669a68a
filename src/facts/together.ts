import type { Fact } from "./fact.ts";

type Values<F> = { readonly [K in keyof F]: F[K] extends Fact<infer T> ? T : never };

/** Several facts asked as one question. */
export function together<F extends Readonly<Record<string, Fact<unknown>>>>(facts: F): Fact<Values<F>> {
  const entries = Object.entries(facts);
  return {
    name: entries.map(([, fact]) => fact.name).join(" + "),
    reads: entries.flatMap(([, fact]) => fact.reads),
    parse(answers) {
      let from = 0;
      const values = entries.map(([key, fact]) => {
        const own = answers.slice(from, from + fact.reads.length);
        from += fact.reads.length;
        return [key, fact.parse(own)];
      });
      return Object.fromEntries(values) as Values<F>;
    },
  };
}
