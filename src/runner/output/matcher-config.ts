/** A problem matcher, as `problemMatcher` of a file describes it (GitHub's and VS Code's format). */
export interface MatcherConfig {
  readonly owner: string;
  /** `error`, `warning`, `notice`, in any case, where the patterns find none; empty: error. */
  readonly severity: string;
  /** A file beside which the files of problems are, where the patterns find none. */
  readonly fromPath: string;
  readonly patterns: readonly MatcherPattern[];
}

/** Which group of the expression holds what; 0 is the whole match. */
type MatcherGroups = { readonly [what in MatchedPart]?: number };

export interface MatcherPattern {
  readonly regexp: RegExp;
  readonly groups: MatcherGroups;
  /** The last pattern matches again and again after the others. */
  readonly loop: boolean;
}

export const MATCHED_PARTS = ["file", "line", "column", "severity", "code", "message", "fromPath"] as const;
export type MatchedPart = (typeof MATCHED_PARTS)[number];

const SEVERITIES = new Set(["", "error", "warning", "notice"]);

/** Reads the text of a matcher file. Throws an `Error` whose message says what is wrong. */
export function parseMatcherFile(text: string): MatcherConfig[] {
  const file = record(JSON.parse(text.replace(/^\uFEFF/, "")), "The file");
  const list = property(file, "problemMatcher") ?? [];
  if (!Array.isArray(list)) throw new Error("'problemMatcher' must be a list");
  const matchers = list.map(parseMatcher);
  const owners = new Set<string>();
  for (const { owner } of matchers) {
    if (owners.has(owner.toLowerCase())) throw new Error(`Duplicate owner name '${owner}'`);
    owners.add(owner.toLowerCase());
  }
  return matchers;
}

function parseMatcher(value: unknown): MatcherConfig {
  const matcher = record(value, "A problem matcher");
  const owner = text(property(matcher, "owner"));
  if (owner === "") throw new Error("Owner must not be empty");
  const severity = text(property(matcher, "severity"));
  if (!SEVERITIES.has(severity.toLowerCase())) {
    throw new Error(`Matcher '${owner}' contains unexpected default severity '${severity}'`);
  }
  const list = property(matcher, "pattern");
  if (!Array.isArray(list) || list.length === 0) {
    throw new Error(`Matcher '${owner}' does not contain any patterns`);
  }
  const used = new Set<MatchedPart>();
  const patterns = list.map((pattern, i) => parsePattern(pattern, i === list.length - 1 && i > 0, used));
  if (!used.has("message")) throw new Error("At least one pattern must set 'message'");
  return { owner, severity, fromPath: text(property(matcher, "fromPath")), patterns };
}

function parsePattern(value: unknown, mayLoop: boolean, used: Set<MatchedPart>): MatcherPattern {
  const pattern = record(value, "A pattern");
  const loop = property(pattern, "loop") === true;
  if (loop && !mayLoop) throw new Error("Only the last pattern in a multiline matcher may set 'loop'");
  const regexp = new RegExp(text(property(pattern, "regexp")));
  const groupCount = new RegExp(`${regexp.source}|`).exec("")?.length ?? 0;
  const groups: { [what in MatchedPart]?: number } = {};
  for (const part of MATCHED_PARTS) {
    const given = property(pattern, part);
    if (given === undefined || given === null) continue;
    const group = Number(given);
    if (used.has(part)) throw new Error(`The property '${part}' is set twice`);
    if (!Number.isInteger(group) || group < 0 || group >= groupCount) {
      throw new Error(`The property '${part}' is set to ${String(given)} which is out of range`);
    }
    used.add(part);
    groups[part] = group;
  }
  if (loop && groups.message === undefined) throw new Error("The loop pattern must set 'message'");
  return { regexp, groups, loop };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${what} must be an object`);
  }
  return value as Record<string, unknown>;
}

/** Names are compared without regard to case, as the reader of GitHub's runner does. */
function property(value: Record<string, unknown>, name: string): unknown {
  const key = Object.keys(value).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : value[key];
}

function text(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
