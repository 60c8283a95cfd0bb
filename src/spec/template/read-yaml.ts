import { type Document, parseDocument, type YAMLParseError } from "yaml";
import type { DiagnosticList } from "../diagnostic-list.ts";
import type { SourceText } from "../source-text.ts";

/** GitHub's limit. */
const MAX_LENGTH = 1024 * 1024;
/** Far past what any schema allows, far below what the YAML library's recursion bears. */
const MAX_DEPTH = 200;

/** What a person needs to know besides the YAML library's words. */
const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "YAML is indented with spaces, never with tabs",
  BAD_INDENT: "Keys of the same mapping must stand in the same column",
  BLOCK_AS_IMPLICIT_KEY: "A text with `: ` in it must be quoted",
  MULTILINE_IMPLICIT_KEY: "Is a `:` missing behind the key, or a quote at the end of the line?",
  BAD_SCALAR_START: "A text that starts with this character must be quoted",
};

/** Not YAML, but GitHub's parser reads it, and the library reads on as GitHub does. */
const GITHUB_BEARS = /^Comments must be separated/;

/** Parses one YAML 1.2 document as GitHub does; says what is wrong and returns nothing where it is no such thing. */
export function readYaml(source: SourceText, diagnostics: DiagnosticList): Document.Parsed | undefined {
  const { content } = source;
  const start = { start: 0, end: 0 };
  if (content.length > MAX_LENGTH) {
    diagnostics.error("file-too-large", start, `The file has more than ${MAX_LENGTH} characters`);
    return undefined;
  }
  const deep = tooDeepAt(content);
  if (deep !== undefined) {
    diagnostics.error("too-deep", { start: deep, end: deep + 1 }, "The file is nested too deeply");
    return undefined;
  }
  const binary = content.indexOf("\0");
  if (binary >= 0) {
    diagnostics.error("yaml-syntax", { start: binary, end: binary + 1 }, "This is not a text file");
    return undefined;
  }
  const document = parse(content);
  if (!document) {
    diagnostics.error("too-deep", start, "The file is nested too deeply");
    return undefined;
  }
  let reported = -1;
  for (const error of document.errors) {
    // What follows in the same line is mostly the first mistake again, seen from further right.
    const line = lineOf(content, error.pos[0]);
    if (line === reported && !GITHUB_BEARS.test(error.message)) continue;
    reported = line;
    reportSyntax(error, content, diagnostics);
  }
  if (diagnostics.hasErrors) return undefined;
  if (!document.contents) {
    diagnostics.error("empty-file", start, "The file is empty");
    return undefined;
  }
  return document;
}

function parse(content: string): Document.Parsed | undefined {
  try {
    return parseDocument(content, {
      version: "1.2",
      schema: "core",
      merge: false,
      prettyErrors: false,
      // The reader does this itself, as GitHub does: without regard to letter case.
      uniqueKeys: false,
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function reportSyntax(error: YAMLParseError, content: string, diagnostics: DiagnosticList): void {
  const [start, end] = error.pos;
  if (error.code === "MULTIPLE_DOCS") {
    const range = { start, end: Math.min(end, endOfLine(content, start)) };
    diagnostics.error(
      "yaml-syntax",
      range,
      "A second YAML document starts here; only one is allowed",
      "Remove the `---`",
    );
    return;
  }
  const range = { start, end: Math.max(start + 1, Math.min(end, endOfLine(content, start))) };
  if (GITHUB_BEARS.test(error.message)) {
    diagnostics.warning("yaml-syntax", range, error.message);
    return;
  }
  if (opensExpressionInFlow(content, start)) {
    const message = "An expression in `{ }` or `[ ]` must be quoted: its braces are YAML's there";
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub's
    diagnostics.error("yaml-syntax", range, message, 'Write "${{ … }}"');
    return;
  }
  diagnostics.error("yaml-syntax", range, error.message, HINTS[error.code]);
}

/** `{ path: a/${{ x }} }`: the mistake is seen at the second brace of the expression, or just behind it. */
function opensExpressionInFlow(content: string, at: number): boolean {
  const lineStart = content.lastIndexOf("\n", at - 1) + 1;
  const before = content.slice(lineStart, Math.min(at + 2, endOfLine(content, at)));
  return /[{[,][^"'#]*\$\{\{?/.test(before);
}

function lineOf(content: string, at: number): number {
  let line = 0;
  for (let from = content.indexOf("\n"); from >= 0 && from < at; from = content.indexOf("\n", from + 1))
    line += 1;
  return line;
}

function endOfLine(content: string, from: number): number {
  const end = content.indexOf("\n", from);
  return end < 0 ? content.length : end;
}

/**
 * Open brackets, and `- - -` in one line. Those inside quotes and block texts count too: they would have to be
 * unbalanced by hundreds to matter.
 */
function tooDeepAt(content: string): number | undefined {
  let brackets = 0;
  let dashes = 0;
  for (let at = 0; at < content.length; at++) {
    const code = content.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) brackets += 1;
    else if (code === 0x5d || code === 0x7d) brackets = Math.max(0, brackets - 1);
    if (code === 0x2d || code === 0x3f) dashes += content.charCodeAt(at + 1) <= 0x20 ? 1 : 0;
    else if (code > 0x20 || code === 0x0a) dashes = 0;
    if (brackets > MAX_DEPTH || dashes > MAX_DEPTH) return at;
  }
  return undefined;
}
