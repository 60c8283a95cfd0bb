import type { Clock } from "../../clock.ts";
import type { FrameBody } from "../../protocol/frame.ts";
import type { CommandEffects } from "./command-effects.ts";
import type { Annotation } from "./command-log.ts";
import { CommandProcessor } from "./command-processor.ts";
import { LineScanner, type ScannedBytes } from "./line-scanner.ts";
import type { Masker } from "./masker.ts";
import type { MatcherRegistry } from "./matcher-registry.ts";
import { ProblemScanner } from "./problem-scanner.ts";
import type { RepositoryPlace } from "./repository-file.ts";
import { ShownLog } from "./shown-log.ts";

const HOLD_MS = 250;

export interface StepLogOptions {
  /** The step's number in the frames; 0: the job itself. */
  readonly step: number;
  /** Receives `log`, `annotation` and `mask` frames, in order; a returned promise is back-pressure. */
  readonly emit: (body: FrameBody) => void | Promise<void>;
  readonly masker: Masker;
  /** One a job. */
  readonly matchers: MatcherRegistry;
  readonly effects: CommandEffects;
  /** The step's environment, looked at for `ACTIONS_ALLOW_UNSECURE_COMMANDS` and the like. */
  readonly env: { readonly [name: string]: string };
  readonly repository: RepositoryPlace;
  /** `debug` commands are shown, and commands are echoed. */
  readonly debug: boolean;
  readonly clock: Clock;
}

/**
 * The log of one step: bytes and lines in, frames out. Frames leave when 64 KiB are there, and at the latest 250 ms
 * after their first byte.
 *
 * Whatever the sink throws is thrown by the next `write`, `flush` or `close`.
 */
export class StepLog {
  readonly #options: StepLogOptions;
  readonly #shown: ShownLog;
  readonly #isNested: boolean;
  readonly #scanner: LineScanner;
  readonly #commands: CommandProcessor;
  readonly #problems: ProblemScanner;
  #takeBackRelease: (() => void) | undefined;
  #heldSince = 0;

  constructor(options: StepLogOptions, outer?: ShownLog) {
    const shown = outer ?? new ShownLog(options);
    this.#options = options;
    this.#shown = shown;
    this.#isNested = outer !== undefined;
    const { effects, matchers, env, repository, debug } = options;
    const { workspace, stepWorkspace } = repository;
    this.#commands = new CommandProcessor({
      log: shown,
      effects,
      matchers,
      env,
      workspace,
      stepWorkspace,
      echo: debug,
    });
    this.#problems = new ProblemScanner({
      registry: matchers,
      place: repository,
      debug: (message) => shown.debug(message),
      warn: (message) => shown.annotate({ level: "warning", message }),
    });
    const problems = this.#problems;
    this.#scanner = new LineScanner({
      get wantsLines() {
        return problems.isActive;
      },
      show: (bytes) => shown.bytes(bytes),
      command: (line) => this.#command(line),
      lines: (lines) => this.#lines(lines),
      maskTooLong: () => this.#maskTooLong(),
    });
  }

  /**
   * Output of the step's process: workflow commands are obeyed, problems matched, secrets hidden. Pieces may be cut
   * anywhere; they must not be changed afterwards. A returned promise is back-pressure.
   */
  write(bytes: Uint8Array): void | Promise<void> {
    const held = this.#scanner.holds;
    this.#scanner.write(bytes);
    if (this.#scanner.holds) {
      if (!held || bytes.includes(10)) this.#heldSince = this.#options.clock.monotonic();
      this.#takeBackRelease ??= this.#options.clock.after(HOLD_MS, () => this.#release());
    }
    return this.#shown.pressure;
  }

  /** A line of the runner's own (without its line end): masked, never obeyed. */
  line(text: string): void {
    this.#shown.line(text);
  }

  /** `##[error]…`, `##[warning]…`, `##[notice]…` in the log, and the annotation. */
  annotate(annotation: Annotation): void {
    this.#shown.annotate(annotation);
  }

  /** `##[debug]…`, where debug is on. */
  debug(message: string): void {
    this.#shown.debug(message);
  }

  /**
   * A log for a step inside this one (of a composite action): it writes to the same place, but stop-commands and echo
   * are its own. Close it before this one is written to again.
   */
  nested(options: Pick<StepLogOptions, "effects" | "env">): StepLog {
    return new StepLog({ ...this.#options, ...options }, this.#shown);
  }

  /** Sends what is there by now, except for a line that may still become a command and a tail that may be a secret. */
  flush(): void | Promise<void> {
    this.#scanner.releaseHeld();
    this.#shown.flush();
    return this.#shown.pressure;
  }

  /** The process has ended: sends everything, and waits until it is taken. Nothing may be written after. */
  async close(): Promise<void> {
    this.#takeBackRelease?.();
    this.#takeBackRelease = undefined;
    this.#scanner.end();
    if (this.#isNested) this.#shown.flush();
    else this.#shown.end();
    await this.#shown.pressure;
  }

  /** A prompt without a line end is shown after a while, a line that merely came in two pieces is not cut. */
  #release(): void {
    this.#takeBackRelease = undefined;
    if (!this.#scanner.holds) return;
    const age = this.#options.clock.monotonic() - this.#heldSince;
    if (age < HOLD_MS) {
      this.#takeBackRelease = this.#options.clock.after(HOLD_MS - age, () => this.#release());
      return;
    }
    this.#scanner.releaseHeld();
    this.#shown.flush();
  }

  #command(line: string): (() => void) | undefined {
    const command = this.#commands.parse(line);
    return command && (() => this.#commands.process(command, line));
  }

  #lines(lines: readonly ScannedBytes[]): void {
    const problems = this.#problems.scan(lines.map((line) => line.text));
    lines.forEach(({ bytes, begun }, i) => {
      const found = problems[i];
      if (found === undefined) {
        this.#shown.bytes(bytes);
      } else if (begun) {
        this.#shown.bytes(bytes);
        this.#shown.annotate(found.problem, "");
      } else {
        this.#shown.annotate(found.problem, found.stripped);
      }
    });
  }

  #maskTooLong(): void {
    const message =
      "An add-mask command of more than 1 MiB was not obeyed and its line is not shown: the value may appear in the log.";
    this.#shown.annotate({ level: "error", message });
    this.#options.effects.commandFailed();
  }
}
