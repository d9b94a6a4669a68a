import type { CST, ParsedNode } from "yaml";
import { Composer, Lexer, Parser } from "yaml";
import type { Finding, FindingWords } from "./finding.ts";
import { limits } from "./limits.ts";
import type { Span } from "./path-locator.ts";
import { showValue } from "./show-value.ts";
import { syntaxFindings } from "./syntax-findings.ts";

/** One YAML document, or what stands in its way. Cost is bounded by `limits`, whatever the text is. */
export function parseDocument(text: string): {
  readonly contents: ParsedNode | null;
  readonly findings: readonly Finding[];
} {
  const { tokens, openQuotes, finding } = tokenize(text);
  if (finding !== undefined) return { contents: null, findings: [finding] };
  // yaml's own check of unique keys is quadratic, and it leaves aliases and merge keys to be expanded: read-tree.ts
  // does these in one linear pass. The core schema holds whatever a %YAML directive says.
  const composer = new Composer({ uniqueKeys: false, schema: "core", merge: false, logLevel: "silent" });
  const [document] = composer.compose(tokens, true, text.length);
  if (document === undefined) return { contents: null, findings: [] };
  // A warning is a tag that is not known, which read-tree.ts reports with every other tag.
  return { contents: document.contents, findings: syntaxFindings(document.errors, text, openQuotes) };
}

function tokenize(text: string): { tokens: CST.Token[]; openQuotes: Span[]; finding?: Finding } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const openQuotes: Span[] = [];
  let documents = 0;
  let lexemes = 0;
  let badEscapes = 0;

  /** Takes tokens over; a finding ends the reading. */
  const take = (parsed: Iterable<CST.Token>): Finding | undefined => {
    for (const token of parsed) {
      if (token.type === "directive") return directive(token);
      if (token.type === "document") documents += 1;
      if (documents > 1) return secondDocument(token);
      tokens.push(token);
    }
    return undefined;
  };

  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    // yaml keeps an error object for each of these, so millions of them would fill the memory.
    if (lexeme.startsWith('"')) badEscapes += lexeme.match(badEscape)?.length ?? 0;
    const excess =
      lexemes > limits.lexemes
        ? `reading stopped after ${limits.lexemes} YAML lexemes, the limit; 5,000 hosts take about 200000`
        : lexeme.length > limits.lexemeLength
          ? `found one text of ${lexeme.length} characters; the limit is ${limits.lexemeLength}`
          : badEscapes > limits.badEscapes
            ? `reading stopped after ${limits.badEscapes} escapes that YAML does not have`
            : undefined;
    if (excess !== undefined) return { tokens, openQuotes, finding: tooMuch(parser.offset, excess) };
    if (isOpenQuote(lexeme)) openQuotes.push({ start: parser.offset, end: parser.offset + lexeme.length });
    const finding =
      take(parser.next(lexeme)) ?? (parser.stack.length > limits.depth ? tooDeep(parser.offset) : undefined);
    if (finding !== undefined) return { tokens, openQuotes, finding };
  }
  const finding = take(parser.end());
  return finding === undefined ? { tokens, openQuotes } : { tokens, openQuotes, finding };
}

/** A text in quotes that goes on to another line, or to the end of the file. */
function isOpenQuote(lexeme: string): boolean {
  const mark = lexeme.charAt(0);
  if (mark !== '"' && mark !== "'") return false;
  return lexeme.includes("\n") || lexeme.length === 1 || !lexeme.endsWith(mark);
}

/** A backslash before what cannot follow it in double quotes (YAML 1.2.2, section 5.7), found in linear time. */
const badEscape = /\\[^0abt\tnvfre "/\\N_LPxuU\r\n]/g;

function directive(token: CST.Directive): Finding {
  return at("config/yaml-feature", token.offset, token.source.length, {
    message: "the file has a YAML directive",
    because: `found ${showValue(token.source)}; cluster files are plain YAML 1.2`,
    hint: { text: "remove the line, and the '---' below it" },
  });
}

function secondDocument(token: CST.Token): Finding {
  return at("config/several-documents", "offset" in token ? token.offset : 0, 3, {
    message: "the file holds more than one YAML document",
    because: "a cluster file is one document; this '---' starts a second one",
    hint: { text: "keep each cluster in a file of its own and name it with -f" },
  });
}

function tooMuch(offset: number, because: string): Finding {
  return at("config/too-complex", offset, 1, {
    message: "the file holds more than any cluster needs",
    because,
    hint: { text: "check that this is the file you meant" },
  });
}

function tooDeep(offset: number): Finding {
  return at("config/too-complex", offset, 1, {
    message: "the file is nested too deeply",
    because: `found more than ${limits.depth - 1} collections in each other; a cluster file needs 7`,
    hint: { text: "look for brackets or dashes that are repeated by mistake" },
  });
}

function at(code: Finding["code"], start: number, length: number, words: FindingWords): Finding {
  return { code, severity: "error", start, end: start + length, words: () => words };
}
