import type { BuildEvent } from "../../builds/build-event.ts";
import type { Io } from "../io.ts";
import { stateIcon } from "../live/state-icon.ts";
import { buildSubtitle, stepFailure } from "../live/work-words.ts";
import type { Palette } from "../output/color.ts";
import { formatDuration } from "../output/duration.ts";
import { coloredScreenText, plainScreenText } from "../output/screen-text.ts";
import {
  applyEvent,
  emptyRecord,
  type JobRecord,
  type RunRecord,
  type StepRecord,
} from "../record/run-record.ts";
import { LinePrefixer } from "./line-prefixer.ts";
import type { RunEnd } from "./run-end.ts";
import type { RunView } from "./run-view.ts";

export interface PlainViewOptions {
  readonly io: Io;
  readonly style: Palette;
  /** No output of steps. */
  readonly quiet: boolean;
  /** Debug lines too, and every step that did nothing. */
  readonly verbose: boolean;
  /** Where lines go; standard output where absent. */
  readonly write?: (chunk: string | Uint8Array) => void | Promise<void>;
  /** Lines may reach a terminal: what could move its cursor is taken out. */
  readonly toTerminal?: boolean;
}

type LogPiece = Pick<Extract<BuildEvent, { type: "log" }>, "job" | "buildId" | "step" | "data">;

/** One line after the other, each with its job's name before it; for files, pipes and CI. */
export class PlainView implements RunView {
  readonly #options: PlainViewOptions;
  readonly #style: Palette;
  readonly #write: (chunk: string | Uint8Array) => void | Promise<void>;
  readonly #record: RunRecord = emptyRecord();
  readonly #prefixes = new Map<string, string>();
  readonly #outputs = new Map<string, LinePrefixer>();
  /** The output whose last line has no end yet. */
  #open: LinePrefixer | undefined;
  #held: (string | Uint8Array)[] | undefined;
  /** Output of steps that only frame the others: shown if they fail. */
  readonly #aside = new Map<string, Uint8Array[]>();

  constructor(options: PlainViewOptions) {
    this.#options = options;
    this.#style = options.style;
    this.#write = options.write ?? ((chunk) => options.io.stdout.write(chunk));
  }

  readonly sink = (event: BuildEvent): void | Promise<void> => {
    if (event.type === "log") return this.#log(event);
    applyEvent(this.#record, event);
    const build = this.#record.builds.find(({ id }) => id === event.buildId);
    const job = "job" in event && event.job !== undefined ? build?.jobs.get(event.job) : undefined;
    const step = job !== undefined && "step" in event ? job.steps.get(event.step) : undefined;
    const style = this.#style;
    switch (event.type) {
      case "build.started":
        if (build !== undefined)
          return this.#print(
            `${style.bold(plainScreenText(build.title))} ${style.dim(buildSubtitle(build))}\n`,
          );
        return;
      case "build.waiting":
        return this.#print(`${style.dim(`waiting: ${plainScreenText(event.reason)}`)}\n`);
      case "warning":
        return this.#print(
          `${job === undefined ? "" : this.#prefix(job, event.buildId)}${style.yellow("warning:")} ${plainScreenText(event.message)}\n`,
        );
      case "job.waiting":
        if (job !== undefined)
          return this.#line(job, event.buildId, style.dim(plainScreenText(event.reason)));
        return;
      case "step.started":
        if (job !== undefined && step !== undefined && this.#isShown(step))
          return this.#line(job, event.buildId, style.bold(`▸ ${plainScreenText(step.name)}`));
        return;
      case "step.finished":
        if (job !== undefined && step !== undefined) return this.#stepFinished(job, step, event.buildId);
        return;
      case "job.finished":
        if (job !== undefined) return this.#jobFinished(job, event.buildId);
        return;
      default:
        return;
    }
  };

  note(text: string): void {
    this.#options.io.stderr.write(`${text}\n`);
  }

  cancelling(): void {
    this.note("Cancelling; a second Ctrl-C ends everything at once.");
  }

  suspend(): () => void {
    this.#held ??= [];
    return () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const chunk of held) this.#write(chunk);
    };
  }

  async end(end: RunEnd): Promise<void> {
    if (end.leftOff !== undefined) return await this.#print(`${end.leftOff}\n`);
    const { summaryText } = await import("../summary/summary-text.ts");
    const columns = this.#options.io.stdout.isTTY ? this.#options.io.stdout.columns : 100;
    await this.#print(summaryText(this.#record, end, { style: this.#style, columns, tails: false }));
  }

  #log({ job: key, buildId, step, data }: LogPiece): void | Promise<void> {
    if (this.#options.quiet) return;
    const job = this.#record.builds.find(({ id }) => id === buildId)?.jobs.get(key);
    if (job === undefined) return;
    const id = `${buildId}\0${key}\0${step}`;
    const known = job.steps.get(step);
    if (known !== undefined && !this.#isShown(known)) {
      this.#aside.set(id, [...(this.#aside.get(id) ?? []), data.slice()]);
      return;
    }
    let output = this.#outputs.get(id);
    if (output === undefined) {
      // The first group repeats the step's title, which stands above it already.
      let isFirst = true;
      output = new LinePrefixer({
        prefix: `${this.#prefix(job, buildId)}${this.#aheadOf(known)}`,
        command: (line) => {
          const repeats = isFirst && line.kind === "group" && line.text.startsWith("Run ");
          isFirst = false;
          return repeats ? undefined : this.#command(line);
        },
        own: this.#style.on ? undefined : withoutColor,
        clean: this.#options.toTerminal
          ? this.#style.on
            ? (line) => `${coloredScreenText(line)}\x1b[0m`
            : plainScreenText
          : undefined,
      });
      this.#outputs.set(id, output);
    }
    const { bytes, open } = output.push(data);
    if (bytes.length === 0) return;
    this.#closeLine(output);
    this.#open = open ? output : undefined;
    return this.#put(bytes);
  }

  /** A step that runs beside others names its lines: they stand between those of the others. */
  #aheadOf(step: StepRecord | undefined): string {
    const beside = step !== undefined && (step.background || step.parent !== undefined);
    return beside ? this.#style.dim(`${plainScreenText(step.name)} | `) : "";
  }

  #command(line: { readonly kind: string; readonly text: string }): string | undefined {
    const style = this.#style;
    const text = plainScreenText(line.text);
    switch (line.kind) {
      case "group":
        return style.bold(`▾ ${text}`);
      case "error":
        return style.red(`Error: ${text}`);
      case "warning":
        return style.yellow(`Warning: ${text}`);
      case "notice":
        return style.blue(`Notice: ${text}`);
      case "command":
        return style.blue(text);
      case "debug":
        return this.#options.verbose ? style.dim(`Debug: ${text}`) : undefined;
      default:
        return text;
    }
  }

  #stepFinished(job: JobRecord, step: StepRecord, buildId: string): void | Promise<void> {
    const id = `${buildId}\0${job.key}\0${step.number}`;
    const aside = this.#aside.get(id) ?? [];
    this.#aside.delete(id);
    if (step.state === "failure")
      for (const data of aside) void this.#log({ job: job.key, buildId, step: step.number, data });
    const output = this.#outputs.get(id);
    if (output !== undefined) {
      const { bytes } = output.flush();
      if (this.#open === output) this.#open = undefined;
      if (bytes.length > 0) void this.#put(bytes);
      this.#outputs.delete(id);
    }
    if (!this.#isShown(step)) return;
    const style = this.#style;
    const { icon, iconStyle } = stateIcon(step, style);
    const name = plainScreenText(step.name);
    const took = step.durationMs === undefined ? "" : ` ${style.dim(`(${formatDuration(step.durationMs)})`)}`;
    switch (step.state) {
      case "failure": {
        const why = `${stepFailure(step)}${step.forgiven ? ", goes on" : ""}`;
        return this.#line(job, buildId, `${iconStyle(icon)} ${name}: ${iconStyle(why)}${took}`);
      }
      case "skipped":
        return this.#options.verbose ? this.#line(job, buildId, style.dim(`- ${name} (skipped)`)) : undefined;
      case "cancelled":
        return this.#line(job, buildId, `${iconStyle(icon)} ${name}: cancelled${took}`);
      default:
        return this.#line(job, buildId, `${iconStyle(icon)} ${name}${took}`);
    }
  }

  /** Steps that only frame the others are worth a line when they go wrong. */
  #isShown(step: StepRecord): boolean {
    if (this.#options.verbose || step.state === "failure") return true;
    return step.stage !== "setup" && step.stage !== "complete";
  }

  #jobFinished(job: JobRecord, buildId: string): void | Promise<void> {
    // What a group stands for speaks for itself.
    if (job.kind === "group" && job.error === undefined && job.state !== "skipped") return;
    const style = this.#style;
    const { icon, iconStyle } = stateIcon(job, style);
    const words: { readonly [state: string]: string } = {
      success: "done",
      failure: job.forgiven ? "failed, the build goes on" : "failed",
      cancelled: "cancelled",
      skipped: "skipped",
    };
    const why = job.state === "skipped" ? job.reason : (job.error ?? job.reason);
    const took =
      job.durationMs === undefined || job.startedAt === undefined
        ? ""
        : ` in ${formatDuration(job.durationMs)}`;
    const text = `${words[job.state] ?? job.state}${took}${why === undefined ? "" : `: ${why.split("\n").map(plainScreenText).join("; ")}`}`;
    return this.#line(
      job,
      buildId,
      `${iconStyle(icon)} ${job.state === "skipped" ? style.dim(text) : iconStyle(text)}`,
    );
  }

  #line(job: JobRecord, buildId: string, text: string): void | Promise<void> {
    return this.#print(`${this.#prefix(job, buildId)}${text}\n`);
  }

  #prefix(job: JobRecord, buildId: string): string {
    const key = `${buildId}\0${job.key}\0${job.name}`;
    let prefix = this.#prefixes.get(key);
    if (prefix === undefined) {
      prefix = `${this.#style.job(this.#prefixes.size)(plainScreenText(job.name))}${this.#style.dim(" | ")}`;
      this.#prefixes.set(key, prefix);
    }
    return prefix;
  }

  #print(text: string): void | Promise<void> {
    this.#closeLine(undefined);
    return this.#put(text);
  }

  /** A line without an end is ended before another output begins. */
  #closeLine(next: LinePrefixer | undefined): void {
    if (this.#open === undefined || this.#open === next) return;
    const { bytes } = this.#open.flush();
    this.#open = undefined;
    void this.#put(bytes);
  }

  #put(chunk: string | Uint8Array): void | Promise<void> {
    if (this.#held === undefined) return this.#write(chunk);
    this.#held.push(typeof chunk === "string" ? chunk : chunk.slice());
  }
}

/** The runner shows a script's lines in cyan, whoever reads them. */
function withoutColor(line: string): string {
  return line.replace(/^\x1b\[36;1m(.*)\x1b\[0m$/, "$1");
}
