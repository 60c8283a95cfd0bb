import type { BuildLogRef, LogSink } from "../../logs/log-sink.ts";
import type { Masker } from "../../runner/output/masker.ts";
import { type Patience, untilReached } from "./until-reached.ts";

/** The log of one step on its way to where logs are kept, masked a last time. */
export class StepLog {
  readonly ref: BuildLogRef;
  readonly #sink: LogSink;
  readonly #patience: Patience;
  readonly #stream: ReturnType<Masker["stream"]>;
  #heldSince: number | undefined;
  #last = { seq: 0, at: 0 };
  #dirty = false;
  #used = false;

  constructor(ref: BuildLogRef, sink: LogSink, masker: Masker, patience: Patience) {
    this.ref = ref;
    this.#sink = sink;
    this.#patience = patience;
    this.#stream = masker.stream();
  }

  /** It has, or had, something in it. */
  get isUsed(): boolean {
    return this.#used;
  }

  /** Number of the first chunk of which a part is held back, as it may be the beginning of a secret. */
  get heldSince(): number | undefined {
    return this.#heldSince;
  }

  /** A returned promise is back-pressure; it does not reject but with the end of all patience. */
  append(seq: number, at: number, data: Uint8Array): void | Promise<void> {
    const shown = this.#stream.push(data);
    if (!this.#stream.isHolding) this.#heldSince = undefined;
    else if (this.#heldSince === undefined || shown.length > 0) this.#heldSince = seq;
    this.#last = { seq, at };
    return this.#pass(seq, at, shown);
  }

  /** What was held back, with a number of its own. */
  finish(seq: number = this.#last.seq + 1, at: number = this.#last.at): void | Promise<void> {
    this.#heldSince = undefined;
    return this.#pass(seq, at, this.#stream.end());
  }

  /** Undefined: there is nothing that is not in the records. */
  flush(): Promise<void> | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    return untilReached(this.#patience, () => this.#sink.flush([this.ref]));
  }

  /** Its step has ended in the records: nothing comes after it. */
  end(): void {
    // Logs whose step has ended are sealed later by whoever looks for them.
    this.#sink.end(this.ref).catch(() => {});
  }

  #pass(seq: number, at: number, data: Uint8Array): void | Promise<void> {
    if (data.length === 0) return;
    this.#dirty = true;
    this.#used = true;
    const chunk = { seq, at, data };
    const taken = this.#sink.append(this.ref, chunk);
    if (taken === undefined) return;
    return taken.catch(() => untilReached(this.#patience, async () => this.#sink.append(this.ref, chunk)));
  }
}
