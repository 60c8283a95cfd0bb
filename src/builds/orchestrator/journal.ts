import type { Clock } from "../../clock.ts";
import type { BuildChange } from "../../store/build-change.ts";
import { maskChange } from "./mask-change.ts";
import { type Patience, untilReached } from "./until-reached.ts";

export interface JournalOptions {
  readonly clock: Clock;
  /** One transaction; gives the build's version after it. */
  readonly advance: (changes: readonly BuildChange[]) => Promise<number>;
  readonly patience: Patience;
  /** Hides secrets in the texts of what is written. */
  readonly mask: (text: string) => string;
  readonly onWritten: (changes: readonly BuildChange[], version: number) => void;
  /** It cannot go on: the lease is lost (`Conflict`), or the records refuse what they should take. */
  readonly onLost: (error: unknown) => void;
}

interface Entry {
  readonly changes: readonly BuildChange[];
  readonly onWritten: (() => void) | undefined;
}

/** What happens within so short a time is written together, where nobody waits for it. */
const LINGER_MS = 10;
/** Changes of one transaction, as far as what belongs together allows. */
const BATCH = 500;
/** So many changes, as heavy as they usually are, may wait before whoever makes them is held up. */
const ROOM = 2_000;

/**
 * Writes the changes of a build, in the order they are given, what comes together in one transaction. While the records
 * cannot be reached it keeps trying, and `room` holds up who makes more.
 */
export class Journal {
  readonly #options: JournalOptions;
  #entries: Entry[] = [];
  #waiting = 0;
  #writing = false;
  #scheduled = false;
  #stopped = false;
  #stopLinger: (() => void) | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Soon, or with what is written next. `onWritten` is called once it is in the records. */
  note(changes: readonly BuildChange[], onWritten?: () => void): void {
    if (!this.#add(changes, onWritten) || this.#stopLinger !== undefined) return;
    this.#stopLinger = this.#options.clock.after(LINGER_MS, () => {
      this.#stopLinger = undefined;
      this.#schedule();
    });
  }

  /** At once, after all that was given before. The changes are written together, whatever comes with them. */
  write(changes: readonly BuildChange[], onWritten?: () => void): void {
    if (this.#add(changes, onWritten)) this.#schedule();
  }

  /** Undefined: go on. Else wait: it resolves when there is room for more. */
  room(): Promise<void> | undefined {
    if (this.#stopped || this.#waiting < ROOM) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Nothing is written any more but what is on its way; resolves when that has arrived or failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopLinger?.();
    this.#entries = [];
    this.#makeRoom();
    if (!this.#writing) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  #add(changes: readonly BuildChange[], onWritten: (() => void) | undefined): boolean {
    if (this.#stopped) return false;
    const { mask } = this.#options;
    const masked = changes.map((change) => maskChange(change, mask));
    this.#entries.push({ changes: masked, onWritten });
    this.#waiting += weightOf(masked);
    return true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    // What is said in the same turn of the event loop goes with it.
    setImmediate(() => {
      this.#scheduled = false;
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    this.#stopLinger?.();
    this.#stopLinger = undefined;
    while (this.#entries.length > 0) {
      const entries = this.#nextBatch();
      const changes = entries.flatMap((entry) => entry.changes);
      try {
        const version = changes.length === 0 ? undefined : await this.#advance(changes);
        if (this.#stopped) break;
        if (version !== undefined) this.#options.onWritten(changes, version);
      } catch (error) {
        if (!this.#stopped) this.#options.onLost(error);
        break;
      }
      this.#waiting -= weightOf(changes);
      this.#makeRoom();
      for (const { onWritten } of entries) onWritten?.();
    }
    this.#writing = false;
    this.#idle?.resolve();
  }

  #advance(changes: readonly BuildChange[]): Promise<number> {
    return untilReached(this.#options.patience, () => this.#options.advance(changes));
  }

  #nextBatch(): readonly Entry[] {
    let size = 0;
    let count = 0;
    for (const { changes } of this.#entries) {
      if (count > 0 && size + changes.length > BATCH) break;
      size += changes.length;
      count += 1;
    }
    return this.#entries.splice(0, count);
  }

  #makeRoom(): void {
    if (!this.#stopped && this.#waiting >= ROOM) return;
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/** A change counts as one, one with a summary as so many as take its room. */
function weightOf(changes: readonly BuildChange[]): number {
  let weight = changes.length;
  for (const change of changes) {
    if (change.kind === "step-changed" && change.summary !== undefined) weight += change.summary.length / 512;
    if (change.kind === "annotation-added") weight += change.annotation.message.length / 512;
  }
  return Math.ceil(weight);
}
