import type { CST, Document, ErrorCode, ParsedNode } from "yaml";
import { Composer, Lexer, Parser } from "yaml";
import type { Finding, FindingWords } from "./finding.ts";
import { limits } from "./limits.ts";

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

  const unacceptable = (token: CST.Token): Finding | undefined => {
    if (token.type === "directive") {
      return at("config/yaml-feature", token.offset, token.source.length, {
        message: "the file has a YAML directive",
        because: `found ${token.source.slice(0, 40)}; cluster files are plain YAML 1.2`,
        hint: { text: "remove the line, and the '---' below it" },
      });
    }
    if (token.type !== "document") return undefined;
    documents += 1;
    if (documents === 1) return undefined;
    return at("config/several-documents", token.offset, 3, {
      message: "the file holds more than one YAML document",
      because: "a cluster file is one document; this '---' starts a second one",
      hint: { text: "keep each cluster in a file of its own and name it with -f" },
    });
  };

  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > limits.lexemes) {
      return {
        tokens,
        finding: at("config/too-complex", parser.offset, 1, {
          message: "the file holds more than any cluster needs",
          because: `reading stopped after ${limits.lexemes} YAML lexemes, the limit; 5,000 hosts take about 200000`,
          hint: { text: "check that this is the file you meant" },
        }),
      };
    }
    for (const token of parser.next(lexeme)) {
      const finding = unacceptable(token);
      if (finding !== undefined) return { tokens, finding };
      tokens.push(token);
    }
    if (parser.stack.length > limits.depth) {
      return {
        tokens,
        finding: at("config/too-complex", parser.offset, 1, {
          message: "the file is nested too deeply",
          because: `found more than ${limits.depth - 1} collections in each other; a cluster file needs 7`,
          hint: { text: "look for brackets or dashes that are repeated by mistake" },
        }),
      };
    }
  }
  for (const token of parser.end()) {
    const finding = unacceptable(token);
    if (finding !== undefined) return { tokens, finding };
    tokens.push(token);
  }
  return { tokens };
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
        text: syntaxHints[error.code] ?? "check indentation, quotes, colons and brackets on this line and above",
      },
    }),
  };
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 200);
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
