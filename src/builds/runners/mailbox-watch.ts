import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { RunnerName, RunnerStore } from "../../store/runner-store.ts";

export interface MailboxWatchOptions {
  readonly runners: Pick<RunnerStore, "states">;
  readonly events: EventBus;
  readonly clock: Pick<Clock, "after">;
  /** How often all mailboxes that are followed here are looked at, in one query for many. */
  readonly pollMs: number;
}

export interface WatchedMailbox {
  /** Resolves when there are frames after this number, or the mailbox is closed; at once, if that was told before. */
  changed(afterSeq: number, signal: AbortSignal): Promise<"frames" | "closed">;
  end(): void;
}

interface Watched {
  readonly runner: RunnerName;
  knownSeq: number;
  isClosed: boolean;
  wake: (() => void) | undefined;
}

/** Tells who follows a mailbox that there is more in it: by events, and as those may be lost, by looking now and then. */
export class MailboxWatch {
  readonly #options: MailboxWatchOptions;
  readonly #watched = new Set<Watched>();
  #cancelPoll: (() => void) | undefined;
  #gaps: { unsubscribe(): void } | undefined;

  constructor(options: MailboxWatchOptions) {
    this.#options = options;
  }

  add({ buildId, jobKey, attempt }: RunnerName): WatchedMailbox {
    const { events } = this.#options;
    const own: Watched = {
      runner: { buildId, jobKey, attempt },
      knownSeq: 0,
      isClosed: false,
      wake: undefined,
    };
    this.#watched.add(own);
    this.#gaps ??= events.onGap(() => void this.#look());
    this.#schedule();
    // Without it the mailbox is looked at all the same.
    const subscribed = events
      .subscribe({ types: ["runner.frames"], buildId }, (event) => {
        if (event.type !== "runner.frames" || event.jobKey !== jobKey || event.attempt !== attempt) return;
        own.knownSeq = Math.max(own.knownSeq, event.seq);
        own.wake?.();
      })
      .catch(() => undefined);
    return {
      async changed(afterSeq, signal) {
        while (own.knownSeq <= afterSeq) {
          if (own.isClosed) return "closed";
          await new Promise<void>((resolve, reject) => {
            const onAbort = () => reject(signal.reason);
            own.wake = () => {
              signal.removeEventListener("abort", onAbort);
              own.wake = undefined;
              resolve();
            };
            signal.addEventListener("abort", onAbort, { once: true });
            if (signal.aborted) onAbort();
          });
        }
        return "frames";
      },
      end: () => {
        this.#watched.delete(own);
        void subscribed.then((subscription) => subscription?.unsubscribe());
        if (this.#watched.size > 0) return;
        this.#cancelPoll?.();
        this.#cancelPoll = undefined;
        this.#gaps?.unsubscribe();
        this.#gaps = undefined;
      },
    };
  }

  #schedule(): void {
    this.#cancelPoll ??= this.#options.clock.after(this.#options.pollMs, () => {
      this.#cancelPoll = undefined;
      void this.#look().finally(() => {
        if (this.#watched.size > 0) this.#schedule();
      });
    });
  }

  async #look(): Promise<void> {
    const looked = [...this.#watched];
    try {
      const states = await this.#options.runners.states(looked.map(({ runner }) => runner));
      const known = new Map(states.map((state) => [keyOf(state), state.acceptedSeq]));
      for (const one of looked) {
        const acceptedSeq = known.get(keyOf(one.runner));
        if (acceptedSeq === undefined) one.isClosed = true;
        else one.knownSeq = Math.max(one.knownSeq, acceptedSeq);
        one.wake?.();
      }
    } catch {
      // It is looked again in a while; whoever reads finds out that nothing can be read.
    }
  }
}

function keyOf({ buildId, jobKey, attempt }: RunnerName): string {
  return JSON.stringify([buildId, jobKey, attempt]);
}
