import { ExecError } from "../../errors.ts";
import { compilePattern } from "../triggers/filter-pattern.ts";

export type PatternKind = "ref" | "path";

export interface PatternProblem {
  /** A warning: the pattern is legal, but nothing will ever match it. */
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** Characters that git allows in no branch or tag name. */
const NOT_IN_REFS = /[\u0000-\u0020~^:\u007F]/;

/** What is wrong with a pattern of `branches`, `tags` or `paths`, as GitHub reads them; undefined: nothing. */
export function patternProblem(pattern: string, kind: PatternKind): PatternProblem | undefined {
  const body = pattern.startsWith("!") ? pattern.slice(1) : pattern;
  const broken = body === "" ? `The pattern '${pattern}' is malformed: it is empty` : shapeProblem(pattern);
  if (broken !== undefined) return { severity: "error", message: broken };
  const reason = neverMatches(body.replace(/\[[^\]]*\]/g, "x").replace(/\\./g, "x"), kind);
  if (reason === undefined) return undefined;
  return { severity: "warning", message: `The pattern '${pattern}' never matches: ${reason}` };
}

function shapeProblem(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof ExecError) return error.message;
    throw error;
  }
}

function neverMatches(plain: string, kind: PatternKind): string | undefined {
  if (kind === "path") {
    const rooted = /^\.{0,2}\//.test(plain);
    return rooted ? "paths are relative to the repository, without './' or '/' in front" : undefined;
  }
  const bad = NOT_IN_REFS.exec(plain)?.[0];
  if (bad !== undefined) {
    return `no branch or tag can have ${bad === " " ? "a space" : JSON.stringify(bad)} in its name`;
  }
  if (plain.startsWith("refs/")) return "names stand without 'refs/heads/' or 'refs/tags/'";
  if (plain.startsWith("/") || plain.endsWith("/")) return "no branch or tag starts or ends with '/'";
  return undefined;
}
