import type { CST, Document, ErrorCode, ParsedNode } from "yaml";
import { Composer, Lexer, Parser } from "yaml";
import type { Finding, FindingWords } from "./finding.ts";
import { limits } from "./limits.ts";
import { showValue } from "./show-value.ts";

/** One YAML document, or what stands in its way. Cost is bounded by `limits`, whatever the text is. */
export function parseDocument(text: string): {
  readonly contents: ParsedNode | null;
  readonly findings: readonly Finding[];
} {
  const { tokens, finding } = tokenize(text);
  if (finding !== undefined) return { contents: null, findings: [finding] };
  // yaml's own check of unique keys is quadratic, and it leaves aliases and merge keys to be expanded: read-tree.ts
  // does these in one linear pass. The core schema holds whatever a %YAML directive says.
  const composer = new Composer({ uniqueKeys: false, schema: "core", merge: false, logLevel: "silent" });
  const [document] = composer.compose(tokens, true, text.length);
  if (document === undefined) return { contents: null, findings: [] };
  return { contents: document.contents, findings: [...documentFindings(document)] };
}

function tokenize(text: string): { tokens: CST.Token[]; finding?: Finding } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
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
    if (excess !== undefined) return { tokens, finding: tooMuch(parser.offset, excess) };
    const finding =
      take(parser.next(lexeme)) ?? (parser.stack.length > limits.depth ? tooDeep(parser.offset) : undefined);
    if (finding !== undefined) return { tokens, finding };
  }
  const finding = take(parser.end());
  return finding === undefined ? { tokens } : { tokens, finding };
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

function* documentFindings(document: Document.Parsed): Generator<Finding> {
  for (const error of document.errors) yield syntaxFinding(error);
  // A warning is a tag that is not known, which read-tree.ts reports with every other tag.
}

function syntaxFinding(error: { code: ErrorCode; message: string; pos: [number, number] }): Finding {
  const [start, end] = error.pos;
  return {
    code: "config/yaml-syntax",
    severity: "error",
    start,
    end,
    words: () => ({
      message: "the file is not valid YAML here",
      because: firstLine(error.message),
      hint: {
        text: syntaxHint(error) ?? "check indentation, quotes, colons and brackets on this line and above",
      },
    }),
  };
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 200);
}

function syntaxHint({ code, message }: { code: ErrorCode; message: string }): string | undefined {
  const unclosed = /must be sufficiently indented and end with a ([\]}])/.exec(message)?.[1];
  return unclosed === undefined ? syntaxHints[code] : `add the missing ${unclosed}, or indent what is inside`;
}

const syntaxHints: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: "indent with spaces; YAML does not allow tabs",
  BAD_DQ_ESCAPE: "use single quotes, or double the backslash",
  MISSING_CHAR: "close the quote or bracket that was opened, or add the missing space or colon",
  BAD_SCALAR_START: "put the value in quotes; it starts with a character that means something in YAML",
  BAD_INDENT: "indent this line like its neighbours",
  BLOCK_AS_IMPLICIT_KEY: "put nested fields on lines of their own, or in { }",
  MULTILINE_IMPLICIT_KEY: "add the missing ':' or the missing '-', or put the key on one line",
};

function at(code: Finding["code"], start: number, length: number, words: FindingWords): Finding {
  return { code, severity: "error", start, end: start + length, words: () => words };
}
