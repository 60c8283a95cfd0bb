export type PatternKind = "ref" | "path";

/** Characters that git allows in no branch or tag name. */
const NOT_IN_REFS = /[\u0000-\u0020~^:\u007F]/;

export interface PatternProblem {
  /** A warning: the pattern is legal, but nothing will ever match it. */
  readonly severity: "error" | "warning";
  readonly text: string;
}

/** What is wrong with a pattern of `branches`, `tags` or `paths`, as GitHub reads them; undefined: nothing. */
export function patternProblem(pattern: string, kind: PatternKind): PatternProblem | undefined {
  const body = pattern.startsWith("!") ? pattern.slice(1) : pattern;
  const shape = body === "" ? "it is empty" : shapeProblem(body);
  if (shape !== undefined) return { severity: "error", text: shape };
  const reason = neverMatches(body, kind);
  return reason === undefined ? undefined : { severity: "warning", text: reason };
}

function neverMatches(body: string, kind: PatternKind): string | undefined {
  const plain = body.replace(/\[[^\]]*\]/g, "x").replace(/\\./g, "x");
  if (kind === "ref") {
    const bad = NOT_IN_REFS.exec(plain)?.[0];
    if (bad !== undefined)
      return `no branch or tag can have ${bad === " " ? "a space" : JSON.stringify(bad)} in its name`;
    if (plain.startsWith("refs/")) return "names stand without 'refs/heads/' or 'refs/tags/'";
    if (plain.startsWith("/") || plain.endsWith("/")) return "no branch or tag starts or ends with '/'";
  } else if (/^\.{1,2}\//.test(plain) || plain.startsWith("/")) {
    return "paths are relative to the repository, without './' or '/' in front";
  }
  return undefined;
}

function shapeProblem(body: string): string | undefined {
  for (let at = 0; at < body.length; at++) {
    const char = body[at];
    if (char === "\\") {
      if (at + 1 === body.length) return "it ends with '\\', which has nothing to escape";
      at += 1;
    } else if (char === "[") {
      const end = body.indexOf("]", at + 1);
      if (end < 0) return "'[' is never closed";
      const problem = classProblem(body.slice(at + 1, end));
      if (problem !== undefined) return problem;
      at = end;
    } else if ((char === "?" || char === "+") && at === 0) {
      return `'${char}' repeats the character before it, and there is none`;
    }
  }
  return undefined;
}

function classProblem(inside: string): string | undefined {
  if (inside === "") return "'[]' holds no character";
  for (const [range, from = "", to = ""] of inside.matchAll(/(.)-(.)/g)) {
    if (from > to) return `the range '${range}' runs backwards`;
  }
  return undefined;
}
