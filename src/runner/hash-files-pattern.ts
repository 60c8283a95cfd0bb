/**
 * Patterns of `hashFiles`, with the meaning `@actions/glob` gives them: `*`, `?`, `[…]` and `**` as a whole segment,
 * `\` escapes, a leading `!` takes away, a trailing `/` means directories only. No braces, no extended globs, no named
 * character classes; `?` is one UTF-16 unit; hidden files match like any other.
 */
import { ExecError } from "../errors.ts";

/** One path segment of a pattern. `any` is one segment of whatever name. */
type GlobSegment =
  | { readonly kind: "globstar" }
  | { readonly kind: "any" }
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "magic"; readonly expression: RegExp };

export interface GlobPattern {
  readonly negate: boolean;
  readonly directoriesOnly: boolean;
  /** From the root of the file system. */
  readonly segments: readonly GlobSegment[];
}

/** Each pattern is followed by one for everything below what it matches. Later patterns win over earlier ones. */
export function parseGlobPatterns(text: string, workspace: string, home: string | undefined): GlobPattern[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => withDescendants(parsePattern(line, workspace, home)));
}

function withDescendants(pattern: GlobPattern): GlobPattern[] {
  const below: GlobPattern = {
    negate: pattern.negate,
    directoriesOnly: false,
    segments: [...pattern.segments, { kind: "any" }, { kind: "globstar" }],
  };
  const endsInGlobstar = pattern.segments.at(-1)?.kind === "globstar";
  return endsInGlobstar && !pattern.directoriesOnly ? [pattern] : [pattern, below];
}

function parsePattern(line: string, workspace: string, home: string | undefined): GlobPattern {
  let negate = false;
  let pattern = line;
  while (pattern.startsWith("!")) {
    negate = !negate;
    pattern = pattern.slice(1).trim();
  }
  if (pattern === "")
    throw new ExecError("InvalidSpec", `Invalid pattern '${line}': it is empty after its '!'.`);

  const segments = pattern
    .split("/")
    .filter((segment) => segment !== "")
    .map(parseSegment);
  if (segments.some((segment, index) => isLiteral(segment, "..") || (index > 0 && isLiteral(segment, ".")))) {
    throw new ExecError(
      "InvalidSpec",
      `Invalid pattern '${pattern}'. Relative pathing '.' and '..' is not allowed.`,
    );
  }

  const first = segments[0];
  let prefix: GlobSegment[] = [];
  if (!pattern.startsWith("/")) {
    const fromHome = first !== undefined && isLiteral(first, "~") && /^~(\/|$)/.test(pattern);
    if (fromHome && home === undefined) {
      throw new ExecError(
        "InvalidSpec",
        `Invalid pattern '${pattern}': there is no home directory to start from.`,
      );
    }
    prefix = literalSegments(fromHome && home !== undefined ? home : workspace);
    if (fromHome || (first !== undefined && isLiteral(first, "."))) segments.shift();
  } else if (first !== undefined && isLiteral(first, ".")) {
    throw new ExecError(
      "InvalidSpec",
      `Invalid pattern '${pattern}'. Relative pathing '.' and '..' is not allowed.`,
    );
  }
  return { negate, directoriesOnly: pattern.endsWith("/"), segments: [...prefix, ...segments] };
}

/** An absolute path as segments that mean nothing but themselves. */
function literalSegments(path: string): GlobSegment[] {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map((text) => ({ kind: "literal", text }));
}

function isLiteral(segment: GlobSegment, text: string): boolean {
  return segment.kind === "literal" && segment.text === text;
}

function parseSegment(source: string): GlobSegment {
  if (source === "**") return { kind: "globstar" };
  let literal = "";
  let expression = "";
  let magic = false;
  for (let at = 0; at < source.length; ) {
    const char = source.charAt(at);
    if (char === "*" || char === "?") {
      const run = /^\*+/.exec(source.slice(at))?.[0] ?? "?";
      expression += char === "?" ? "[^/]" : "[^/]*";
      magic = true;
      at += run.length;
      continue;
    }
    const set = char === "[" ? parseSet(source, at) : undefined;
    if (set !== undefined) {
      if (set.only === undefined) magic = true;
      else literal += set.only;
      expression += set.expression;
      at = set.end;
      continue;
    }
    const escaped = char === "\\" && at + 1 < source.length;
    const text = escaped ? source.charAt(at + 1) : char;
    literal += text;
    expression += escapeOutsideSet(text);
    at += escaped ? 2 : 1;
  }
  if (!magic) return { kind: "literal", text: literal };
  return { kind: "magic", expression: new RegExp(`^(?=.)${expression}$`, "s") };
}

/** A bracket expression that starts at `from`; undefined where it is not closed and `[` is just a character. */
function parseSet(
  source: string,
  from: number,
): { expression: string; end: number; only?: string } | undefined {
  let at = from + 1;
  const negated = source[at] === "!" || source[at] === "^";
  if (negated) at++;
  const parts: string[] = [];
  let only: string | undefined;
  let first = true;
  while (at < source.length) {
    if (source[at] === "]" && !first) {
      const body = parts.join("");
      // A range that runs backwards leaves an empty set, which matches nothing.
      const expression = body === "" ? (negated ? "[^/]" : "(?!)") : `[${negated ? "^" : ""}${body}]`;
      const single = !negated && parts.length === 1 && only !== undefined ? { only } : {};
      return { expression: `(?!/)${expression}`, end: at + 1, ...single };
    }
    first = false;
    const start = characterAt(source, at);
    at = start.end;
    const stop =
      source[at] === "-" && at + 1 < source.length && source[at + 1] !== "]"
        ? characterAt(source, at + 1)
        : undefined;
    if (stop === undefined) {
      parts.push(escapeInSet(start.text));
      only = start.text;
      continue;
    }
    at = stop.end;
    only = undefined;
    if (start.text <= stop.text) parts.push(`${escapeInSet(start.text)}-${escapeInSet(stop.text)}`);
    else parts.push("");
  }
  return undefined;
}

function characterAt(source: string, at: number): { text: string; end: number } {
  const escaped = source[at] === "\\" && at + 1 < source.length;
  const from = escaped ? at + 1 : at;
  return { text: source.charAt(from), end: from + 1 };
}

function escapeOutsideSet(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function escapeInSet(text: string): string {
  return text.replace(/[\\\]^[-]/g, "\\$&");
}
