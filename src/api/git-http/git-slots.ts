import type { ServerResponse } from "node:http";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";

/**
 * So many clones at once; who comes beyond waits for a turn, in the order they came: git itself does not try again, and
 * the jobs of a large matrix all begin with one.
 */
export class GitSlots {
  readonly #clock: Pick<Clock, "after">;
  readonly #waitLimitMs: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number, waitLimitMs: number, clock: Pick<Clock, "after">) {
    this.#free = count;
    this.#waitLimitMs = waitLimitMs;
    this.#clock = clock;
  }

  /** Rejects with `Transient` where no turn comes in time, `Cancelled` where whoever asked went away. Each is given back by `leave`. */
  enter(response: ServerResponse): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    const turn = Promise.withResolvers<void>();
    const settle = (end: () => void) => {
      stopTimer();
      response.off("close", goAway);
      const at = this.#waiting.indexOf(take);
      if (at !== -1) this.#waiting.splice(at, 1);
      end();
    };
    const take = () => settle(turn.resolve);
    const goAway = () => settle(() => turn.reject(new ExecError("Cancelled", "the client went away")));
    const stopTimer = this.#clock.after(this.#waitLimitMs, () =>
      settle(() =>
        turn.reject(new ExecError("Transient", "Too many clones run at once; try again in a moment.")),
      ),
    );
    response.once("close", goAway);
    this.#waiting.push(take);
    return turn.promise;
  }

  leave(): void {
    const next = this.#waiting[0];
    if (next) next();
    else this.#free++;
  }
}
