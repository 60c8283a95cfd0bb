import type { Frame, StepFinishedFrame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { NoteSink } from "../executor.ts";

/** Keeps what a job says, and lets a case wait for a part of it. */
export class Recording {
  readonly frames: Frame[] = [];
  readonly notes: string[] = [];
  readonly #waiting = new Set<() => void>();

  readonly sink: FrameSink = (frame) => {
    this.frames.push(frame);
    for (const look of [...this.#waiting]) look();
  };

  readonly note: NoteSink = (text) => {
    this.notes.push(text);
    for (const look of [...this.#waiting]) look();
  };

  /** Number of the last frame; 0 before the first. */
  get lastSeq(): number {
    return this.frames.at(-1)?.seq ?? 0;
  }

  bytes(step?: number): Buffer {
    const logs = this.frames.flatMap((frame) =>
      frame.type === "log" && (step === undefined || frame.step === step) ? [frame.data] : [],
    );
    return Buffer.concat(logs);
  }

  text(step?: number): string {
    return this.bytes(step).toString("utf8");
  }

  /** What the nth step of the file printed, without the head that the runner puts before it. */
  output(index = 0): Buffer {
    const log = this.bytes(this.#added()[index]?.step ?? -1);
    const head = log.indexOf(HEAD_END);
    return head === -1 ? log : log.subarray(head + HEAD_END.length);
  }

  printed(index = 0): string {
    return this.output(index).toString("utf8");
  }

  /** Everything that leaves the job, but for the values to be masked. */
  everything(): string {
    const rest = this.frames.filter(({ type }) => type !== "log" && type !== "mask");
    return [this.bytes().toString("latin1"), this.text(), JSON.stringify(rest), ...this.notes].join("\n");
  }

  /** Of the steps of the file, in their order. */
  steps(): (StepFinishedFrame & { readonly name: string })[] {
    return this.#added().flatMap((added) => {
      const finished = this.of("step.finished").find(({ step }) => step === added.step);
      return finished === undefined ? [] : [{ ...finished, name: added.name }];
    });
  }

  /** `outcome/conclusion` of each step of the file. */
  outcomes(): string[] {
    return this.steps().map(({ outcome, conclusion }) => `${outcome}/${conclusion}`);
  }

  of<T extends Frame["type"]>(type: T): Extract<Frame, { type: T }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type);
  }

  /** Resolves once this was said, in all logs together. */
  until(text: string): Promise<void> {
    return this.untilTrue(() => this.text().includes(text));
  }

  /** Rejects when the job has ended and it is not so. */
  untilTrue(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const hasEnded = this.frames.at(-1)?.type === "job.finished";
        if (isSo()) resolve();
        else if (hasEnded) reject(new Error(`The job ended before that. It said:\n${this.everything()}`));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #added() {
    return this.of("step.added").filter(({ stage }) => stage === "main");
  }
}

const HEAD_END = Buffer.from("##[endgroup]\n");
