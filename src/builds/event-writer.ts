import { BUILD_EVENT_VERSION, type BuildEventBody, type BuildEventSink } from "./build-event.ts";

export interface EventWriterOptions {
  readonly buildId: string;
  readonly sink: BuildEventSink;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** The sink threw: from now on nothing more is written. Called once. */
  readonly onFailure: (error: unknown) => void;
}

/** Numbers the events of a build and hands them on in order. */
export class EventWriter {
  readonly #options: EventWriterOptions;
  #seq = 0;
  #failed = false;
  readonly #pending = new Set<Promise<void>>();

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** `at`: when it happened, where that is known better. A returned promise is the sink's back-pressure; never rejects. */
  write(body: BuildEventBody, at: number = this.#options.now()): void | Promise<void> {
    if (this.#failed) return;
    const { buildId, sink } = this.#options;
    this.#seq += 1;
    try {
      const taken = sink({ v: BUILD_EVENT_VERSION, seq: this.#seq, at, buildId, ...body });
      if (taken !== undefined) return this.#follow(taken);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Resolves once everything written so far was taken. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #follow(taken: Promise<void>): Promise<void> {
    const followed = taken.then(undefined, (error: unknown) => this.#fail(error));
    this.#pending.add(followed);
    void followed.then(() => this.#pending.delete(followed));
    return followed;
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onFailure(error);
  }
}
