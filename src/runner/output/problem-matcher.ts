import {
  MATCHED_PARTS,
  type MatchedPart,
  type MatcherConfig,
  type MatcherPattern,
} from "./matcher-config.ts";

/** What the patterns found; a part that no pattern sets is not there. */
export type MatchedProblem = { readonly [part in MatchedPart]?: string };

/** One matcher at work on one stream of lines: it remembers how far its patterns have come. */
export class ProblemMatcher {
  readonly config: MatcherConfig;
  /** What was found up to pattern n, where the lines so far matched up to it. */
  #running: (MatchedProblem | undefined)[] = [];

  constructor(config: MatcherConfig) {
    this.config = config;
  }

  /** Undefined: the line completes no problem. */
  match(line: string): MatchedProblem | undefined {
    const { patterns } = this.config;
    // All expressions first: one that is stopped for taking too long must leave everything as it was.
    const found = patterns.map((pattern, i) =>
      i === 0 || this.#running[i - 1] !== undefined ? pattern.regexp.exec(line) : null,
    );
    const last = patterns.length - 1;
    const lastFound = found[last];
    const beforeLast = last > 0 ? this.#running[last - 1] : undefined;
    const reached = last > 0 && beforeLast !== undefined;
    const lastPattern = patterns[last];
    if (lastFound && lastPattern) {
      this.reset();
      if (lastPattern.loop) this.#running[last - 1] = beforeLast;
      return this.#withDefaults(joined(beforeLast, lastPattern, lastFound));
    }
    const running = [...this.#running];
    if (reached) running[last - 1] = undefined;
    // From the end: each builds on what its forerunner had found before this line.
    for (let i = last - 1; i >= 0; i--) {
      const pattern = patterns[i];
      const before = i > 0 ? this.#running[i - 1] : undefined;
      if (pattern === undefined || (i > 0 && before === undefined)) continue;
      const match = found[i];
      running[i] = match ? joined(before, pattern, match) : undefined;
    }
    this.#running = running;
    return undefined;
  }

  reset(): void {
    this.#running = [];
  }

  #withDefaults(problem: MatchedProblem): MatchedProblem {
    const { severity, fromPath } = this.config;
    return {
      ...problem,
      ...(!problem.severity && severity !== "" && { severity }),
      ...(!problem.fromPath && fromPath !== "" && { fromPath }),
    };
  }
}

function joined(
  before: MatchedProblem | undefined,
  pattern: MatcherPattern,
  match: RegExpExecArray,
): MatchedProblem {
  const problem: { [part in MatchedPart]?: string } = { ...before };
  for (const part of MATCHED_PARTS) {
    const group = pattern.groups[part];
    if (problem[part] === undefined && group !== undefined) problem[part] = match[group] ?? "";
  }
  return problem;
}
