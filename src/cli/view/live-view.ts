import type { BuildEvent } from "../../builds/build-event.ts";
import type { Io } from "../io.ts";
import { Painter } from "../live/painter.ts";
import { renderFrame } from "../live/render-frame.ts";
import type { Palette } from "../output/color.ts";
import { isAscii, loadTextWidth } from "../output/text-width.ts";
import { applyEvent, emptyRecord, type RunRecord } from "../record/run-record.ts";
import type { LogFiles } from "./log-files.ts";
import { PlainView } from "./plain-view.ts";
import type { RunEnd } from "./run-end.ts";
import type { RunView } from "./run-view.ts";

/** 20 frames a second. */
const FRAME_MS = 50;

export interface LiveViewOptions {
  readonly io: Io;
  readonly style: Palette;
  readonly quiet: boolean;
  /** All output scrolls by above the tree. */
  readonly verbose: boolean;
  /** Where the full logs go, as the tree shows only the ends of them. */
  readonly logs: LogFiles | undefined;
}

/** The tree of jobs on a terminal, painted at a fixed rate however much is happening. */
export class LiveView implements RunView {
  readonly #options: LiveViewOptions;
  readonly #record: RunRecord = emptyRecord();
  readonly #painter: Painter;
  readonly #stop: (() => void)[] = [];
  readonly #lines: PlainView | undefined;
  #above = "";
  #isSuspended = false;
  #isCancelling = false;
  #knowsWidths = false;

  constructor(options: LiveViewOptions) {
    const { io, style } = options;
    this.#options = options;
    this.#painter = new Painter(io.stdout);
    if (options.verbose) {
      this.#lines = new PlainView({
        ...options,
        style,
        toTerminal: true,
        write: (chunk) => {
          this.#above += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
        },
      });
    }
    this.#stop.push(io.clock.every(FRAME_MS, () => this.#paint()));
    this.#stop.push(io.stdout.onResize(() => this.#paint()));
  }

  readonly sink = (event: BuildEvent): void | Promise<void> => {
    applyEvent(this.#record, event);
    this.#lines?.sink(event);
    const written = this.#options.logs?.write(event);
    if (this.#knowsWidths || !needsWidths(event)) return written;
    this.#knowsWidths = true;
    return Promise.all([loadTextWidth(), written]).then(() => undefined);
  };

  note(text: string): void {
    this.#above += `${text}\n`;
    this.#paint();
  }

  cancelling(): void {
    this.#isCancelling = true;
    this.#paint();
  }

  suspend(): () => void {
    this.#painter.clear();
    this.#isSuspended = true;
    return () => {
      this.#isSuspended = false;
      this.#paint();
    };
  }

  async end(end: RunEnd): Promise<void> {
    for (const stop of this.#stop.splice(0)) stop();
    this.#painter.clear();
    const { io, style, logs, verbose } = this.#options;
    if (this.#above !== "") io.stdout.write(this.#above);
    this.#above = "";
    await logs?.close();
    if (end.leftOff !== undefined) {
      await io.stdout.write(`${end.leftOff}\n`);
      return;
    }
    const { summaryText } = await import("../summary/summary-text.ts");
    await io.stdout.write(
      summaryText(this.#record, end, {
        style,
        columns: io.stdout.columns,
        tails: !verbose,
        logFolder: logs?.folder,
      }),
    );
  }

  #paint(): void {
    if (this.#isSuspended) return;
    const { io, style, quiet, verbose } = this.#options;
    const { columns, rows } = io.stdout;
    const above = this.#takeAbove();
    const lines = renderFrame(this.#record, {
      columns,
      rows,
      now: io.clock.now(),
      style,
      quiet: quiet || verbose,
      cancelling: this.#isCancelling,
    });
    this.#painter.paint(lines, above);
  }

  /** Whole lines only: the tree begins on a line of its own. */
  #takeAbove(): string {
    const end = this.#above.lastIndexOf("\n") + 1;
    const whole = this.#above.slice(0, end);
    this.#above = this.#above.slice(end);
    return whole.replaceAll("\n", "\r\n");
  }
}

/** Names and output that are not plain ASCII need real widths. */
function needsWidths(event: BuildEvent): boolean {
  switch (event.type) {
    case "log":
      return event.data.subarray(-4096).some((byte) => byte > 0x7e);
    case "job.added":
    case "step.added":
    case "step.started":
      return !isAscii(event.name);
    case "build.started":
      return !isAscii(event.title);
    default:
      return false;
  }
}
