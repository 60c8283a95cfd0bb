import type { Clock } from "../../clock.ts";
import type { FrameBody } from "../../protocol/frame.ts";
import type { Annotation, CommandLog } from "./command-log.ts";
import { LogBatch } from "./log-batch.ts";
import type { MaskStream } from "./mask-stream.ts";
import type { Masker } from "./masker.ts";

const LONGEST_MESSAGE = 4_096;
/** Of each level, a step. GitHub keeps ten. */
const MOST_ANNOTATIONS = 1_000;

export interface ShownLogOptions {
  readonly step: number;
  readonly emit: (body: FrameBody) => void | Promise<void>;
  readonly masker: Masker;
  readonly debug: boolean;
  readonly clock: Clock;
}

/** What is shown of a step, in the order it is shown: secrets hidden, gathered into frames. */
export class ShownLog implements CommandLog {
  readonly #options: ShownLogOptions;
  readonly #masked: MaskStream;
  readonly #batch: LogBatch;
  readonly #counts = { notice: 0, warning: 0, error: 0 };
  #atLineStart = true;
  #waiting: Promise<void> | undefined;
  #failed: { readonly error: unknown } | undefined;

  constructor(options: ShownLogOptions) {
    this.#options = options;
    this.#masked = options.masker.stream();
    this.#batch = new LogBatch(
      (data) => this.#emit({ type: "log", step: options.step, data }),
      options.clock,
    );
  }

  /** Pending while the sink is not ready for more. Throws what it threw. */
  get pressure(): Promise<void> | undefined {
    if (this.#failed !== undefined) throw this.#failed.error;
    return this.#waiting;
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#atLineStart = bytes[bytes.length - 1] === 10;
    this.#batch.append(this.#masked.push(bytes));
  }

  line(text: string): void {
    this.bytes(Buffer.from(`${this.#atLineStart ? "" : "\n"}${text}\n`));
  }

  debug(message: string): void {
    if (!this.#options.debug) return;
    for (const line of message.split(/\r?\n/)) this.line(`##[debug]${line}`);
  }

  /** `logged`: what the log says in place of the message; empty: nothing. */
  annotate(annotation: Annotation, logged: string = annotation.message): void {
    const { masker, step } = this.#options;
    const { level } = annotation;
    const shorten = (text: string) => masker.text(text).slice(0, LONGEST_MESSAGE).toWellFormed();
    if (logged !== "") {
      this.line(`##[${level}]${logged === annotation.message ? shorten(logged) : logged}`);
    }
    this.#counts[level]++;
    if (this.#counts[level] > MOST_ANNOTATIONS) return;
    const { title, file } = annotation;
    this.#emit({
      ...annotation,
      type: "annotation",
      step,
      message: shorten(annotation.message),
      ...(title !== undefined && { title: shorten(title) }),
      ...(file !== undefined && { file: masker.text(file) }),
    });
  }

  mask(value: string): void {
    this.#options.masker.add(value);
    this.#emit({ type: "mask", value });
  }

  flush(): void {
    this.#batch.flush();
  }

  end(): void {
    this.#batch.append(this.#masked.end());
    this.#batch.end();
  }

  #emit(body: FrameBody): void {
    if (this.#failed !== undefined) return;
    try {
      const taken = this.#options.emit(body);
      if (taken === undefined) return;
      const all = Promise.all([this.#waiting, taken]).then(() => {});
      this.#waiting = all;
      all.then(
        () => {
          if (this.#waiting === all) this.#waiting = undefined;
        },
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failed ??= { error };
    this.#waiting = undefined;
  }
}
