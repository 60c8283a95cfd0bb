import { Buffer } from "node:buffer";
import type { Frame } from "../../protocol/frame.ts";

/**
 * What a job says as text for a person who reads the container's log: a line for the beginning and the end of each step, and
 * in between what the steps print, as it comes. Masked as it is in the frames.
 */
export class PlainLog {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #names = new Map<number, string>();
  /** Whose output came last. */
  #step = 0;
  #atLineStart = true;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  take(frame: Frame): void {
    switch (frame.type) {
      case "step.added":
        this.#names.set(frame.step, frame.name);
        return;
      case "step.started":
        this.#names.set(frame.step, frame.name);
        this.#step = frame.step;
        this.#line(`==> ${frame.name}`);
        return;
      case "log":
        this.#log(frame.step, frame.data);
        return;
      case "step.finished":
        if (frame.conclusion !== "success" || frame.outcome !== "success") {
          this.#line(`==> ${this.#names.get(frame.step) ?? frame.step}: ${frame.outcome}${why(frame.error)}`);
        }
        return;
      case "job.finished":
        this.#line(`==> Job: ${frame.result}${why(frame.error)}`);
        return;
      case "job.started":
      case "annotation":
      case "summary":
      case "artifact":
      case "mask":
        return;
    }
  }

  #log(step: number, data: Uint8Array): void {
    if (data.length === 0) return;
    if (step !== this.#step && step !== 0) {
      this.#step = step;
      this.#line(`==> ${this.#names.get(step) ?? step} (goes on)`);
    }
    this.#write(data);
    this.#atLineStart = data.at(-1) === 0x0a;
  }

  #line(text: string): void {
    this.#write(Buffer.from(`${this.#atLineStart ? "" : "\n"}${text}\n`, "utf8"));
    this.#atLineStart = true;
  }
}

function why(error: string | undefined): string {
  return error === undefined ? "" : ` (${error})`;
}
