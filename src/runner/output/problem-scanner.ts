import type { Annotation } from "./command-log.ts";
import type { MatcherConfig } from "./matcher-config.ts";
import type { MatcherRegistry } from "./matcher-registry.ts";
import { type MatchedProblem, ProblemMatcher } from "./problem-matcher.ts";
import { fileInRepository, type RepositoryPlace } from "./repository-file.ts";
import { TimeGuard } from "./time-guard.ts";

/** Longer lines are not looked at. */
const LONGEST_LINE = 65_536;
const TIME_LIMIT_MS = 1_000;

export interface ScannedLine {
  /** Without colour codes. */
  readonly stripped: string;
  readonly problem: Annotation;
}

export interface ProblemScannerOptions {
  readonly registry: MatcherRegistry;
  readonly place: RepositoryPlace;
  readonly debug: (message: string) => void;
  readonly warn: (message: string) => void;
}

/**
 * Looks for problems in the lines of one step, with all matchers of the job. A matcher that takes longer than a second
 * for a line is removed for the rest of the step.
 */
export class ProblemScanner {
  readonly #options: ProblemScannerOptions;
  readonly #guard = new TimeGuard();
  #seen: readonly MatcherConfig[] = [];
  #matchers: ProblemMatcher[] = [];
  readonly #tooSlow = new Set<MatcherConfig>();

  constructor(options: ProblemScannerOptions) {
    this.#options = options;
  }

  get isActive(): boolean {
    return this.#options.registry.configs.length > 0;
  }

  /** For each line the problem it completes, if any. */
  scan(lines: readonly string[]): (ScannedLine | undefined)[] {
    this.#refresh();
    const results: (ScannedLine | undefined)[] = new Array(lines.length).fill(undefined);
    // Where the work stands, so that it can go on after being stopped.
    let line = 0;
    let tried = 0;
    let triedSince = 0;
    const work = () => {
      for (; line < lines.length; line++, tried = 0) {
        const stripped = stripColour(lines[line] ?? "");
        if (stripped.length > LONGEST_LINE) continue;
        for (; tried < this.#matchers.length; tried++) {
          triedSince = performance.now();
          const matcher = this.#matchers[tried];
          const match = matcher?.match(stripped);
          if (match === undefined) continue;
          for (const other of this.#matchers) if (other !== matcher) other.reset();
          const problem = this.#toProblem(match);
          if (problem === undefined) continue;
          results[line] = { stripped, problem };
          break;
        }
      }
    };
    while (!this.#guard.run(TIME_LIMIT_MS, work)) {
      // The limit is for all the lines together; only a matcher that used much of it alone is to blame.
      if (performance.now() - triedSince > TIME_LIMIT_MS / 2) this.#remove(tried);
    }
    return results;
  }

  /** Matchers that stay keep what they remember. */
  #refresh(): void {
    const { configs } = this.#options.registry;
    if (configs === this.#seen) return;
    this.#seen = configs;
    this.#matchers = configs
      .filter((config) => !this.#tooSlow.has(config))
      .map(
        (config) => this.#matchers.find((matcher) => matcher.config === config) ?? new ProblemMatcher(config),
      );
  }

  #remove(index: number): void {
    const [matcher] = this.#matchers.splice(index, 1);
    if (matcher === undefined) return;
    this.#tooSlow.add(matcher.config);
    this.#options.warn(
      `Removing issue matcher '${matcher.config.owner}'. It needed more than ${TIME_LIMIT_MS} ms for a line.`,
    );
  }

  #toProblem(match: MatchedProblem): Annotation | undefined {
    const { debug } = this.#options;
    if (!match.message?.trim()) {
      debug("Skipping logging an issue for the matched line because the message is empty.");
      return undefined;
    }
    const level = severityLevel(match.severity);
    if (level === undefined) {
      debug(
        `Skipped logging an issue for the matched line because the severity '${match.severity}' is not supported.`,
      );
      return undefined;
    }
    const line = this.#number("line", match.line);
    const column = this.#number("column", match.column);
    const file = this.#file(match);
    const code = match.code?.trim();
    return {
      level,
      message: match.message,
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
      ...(column !== undefined && { column }),
      ...(code && { code }),
    };
  }

  #number(what: string, text: string | undefined): number | undefined {
    if (!text) return undefined;
    if (/^\d{1,10}$/.test(text)) return Number(text);
    this.#options.debug(`Unable to parse ${what} number '${text}'`);
    return undefined;
  }

  #file(match: MatchedProblem): string | undefined {
    if (!match.file?.trim()) return undefined;
    const found = fileInRepository(match.file, match.fromPath, this.#options.place);
    if ("path" in found) return found.path;
    this.#options.debug(found.reason);
    return undefined;
  }
}

function severityLevel(severity: string | undefined): Annotation["level"] | undefined {
  switch (severity?.toLowerCase()) {
    case undefined:
    case "":
    case "error":
      return "error";
    case "warning":
      return "warning";
    case "notice":
      return "notice";
    default:
      return undefined;
  }
}

function stripColour(line: string): string {
  return line.includes("\x1b[") ? line.replaceAll(/\x1b\[[0-9;]*m?/g, "") : line;
}
