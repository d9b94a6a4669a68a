/**
 * Bounds on a cluster file, far above any real one: 5,000 hosts are about 0.4 MB and 200,000 lexemes. They keep a
 * hostile or mistaken file from costing more than a few seconds.
 */
export const limits = {
  fileBytes: 16 * 2 ** 20,
  /** Of the YAML lexer: names, values, punctuation, line breaks. */
  lexemes: 600_000,
  /** Characters of one lexeme; the longest text of the format has 1024. */
  lexemeLength: 65_536,
  /** Escapes that are not YAML, after which reading stops. */
  badEscapes: 100,
  /** Of collections in collections; the format needs 7. */
  depth: 32,
  /** Values after every alias is replaced by what it stands for. */
  expandedValues: 1_000_000,
} as const;
