import { type Clock, systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Store } from "../../store/store.ts";

/** `before`: the call that is cut is not done. `after`: it is done, but nobody hears of it. */
export type Cut = "before" | "after";

/** A process that dies in the middle of a call to the records: no call is answered, and no timer fires, from then on. */
export class MortalProcess {
  readonly store: Store;
  readonly clock: Clock;
  readonly died = Promise.withResolvers<void>();
  /** Calls that change the records, so far. */
  calls = 0;
  #dead = false;

  /** `diesAt`: counted from 1; 0 for one that lives. */
  constructor(store: Store, diesAt: number, cut: Cut) {
    this.store = wrapped(store, async (call) => {
      if (this.#dead) return await never();
      this.calls += 1;
      if (this.calls !== diesAt) {
        const answer = await call();
        return this.#dead ? await never() : answer;
      }
      if (cut === "after") await call().catch(() => {});
      this.die();
      return await never();
    });
    this.clock = {
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic(),
      after: (ms, callback) =>
        systemClock.after(ms, () => {
          if (!this.#dead) callback();
        }),
    };
  }

  die(): void {
    this.#dead = true;
    this.died.resolve();
  }
}

/** Records that cannot be reached in the middle of a run: so many calls in a row reject, done or not. */
export function failingStore(store: Store, from: number, count: number, cut: Cut): Store {
  let calls = 0;
  return wrapped(store, async (call) => {
    calls += 1;
    if (calls < from || calls >= from + count) return await call();
    if (cut === "after") await call().catch(() => {});
    throw new ExecError("Transient", "the records cannot be reached");
  });
}

type Around = (call: () => Promise<unknown>) => Promise<unknown>;

function wrapped(store: Store, around: Around): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const part: unknown = Reflect.get(target, name);
      return typeof part === "object" && part !== null ? wrappedPart(part, around) : part;
    },
  });
}

function wrappedPart(part: object, around: Around): object {
  return new Proxy(part, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: readonly unknown[]) => around(async () => Reflect.apply(method, target, args));
    },
  });
}

function never(): Promise<never> {
  return new Promise(() => {});
}
