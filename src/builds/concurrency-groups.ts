import type { ConcurrencySetting } from "./concurrency-setting.ts";

export interface GroupRequest {
  readonly setting: ConcurrencySetting;
  /** Unique among everything that takes part in this process's groups. */
  readonly holder: string;
  /** Holders this one runs within: it would wait for them for ever. */
  readonly within: readonly string[];
  /** It is this holder's turn. At most once; may be called before `request` returns. */
  readonly onGranted: () => void;
  /**
   * It must not run, or not go on: replaced by a newer one, refused, or cancelled by one with `cancel-in-progress`.
   * At most once; may be called before `request` returns. A holder that runs keeps the group until it releases it.
   */
  readonly onCancelled: (reason: string) => void;
}

/** A place in a group, running or waiting. */
export interface GroupPlace {
  /** Gives the group to the next. Idempotent. */
  release(): void;
}

interface Group {
  running: GroupRequest | undefined;
  waiting: GroupRequest[];
}

const MAX_WAITING = 100;

/**
 * `concurrency` groups of one process, shared by its builds. At most one holder of a group runs at a time.
 *
 * They hold nothing across processes: two runs of `slipway run` at once know nothing of each other.
 */
export class ConcurrencyGroups {
  readonly #groups = new Map<string, Group>();
  readonly #cancelled = new WeakSet<GroupRequest>();

  request(request: GroupRequest): GroupPlace {
    const { setting, holder, within } = request;
    const key = setting.group.toLowerCase();
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { running: undefined, waiting: [] };
      this.#groups.set(key, group);
    }
    if (group.running === undefined) {
      group.running = request;
      request.onGranted();
    } else if (within.includes(group.running.holder)) {
      this.#cancel(
        request,
        `Canceling since a deadlock for concurrency group '${setting.group}' was detected between '${group.running.holder}' and '${holder}'`,
      );
    } else if (setting.queue === "max" && group.waiting.length >= MAX_WAITING) {
      this.#cancel(
        request,
        `Canceling since ${MAX_WAITING} already wait for concurrency group '${setting.group}'`,
      );
    } else {
      const reason = `Canceling since a higher priority waiting request for '${setting.group}' exists`;
      const replaced = setting.queue === "single" ? group.waiting : [];
      group.waiting = [...(setting.queue === "single" ? [] : group.waiting), request];
      for (const older of replaced) this.#cancel(older, reason);
      if (setting.cancelInProgress) this.#cancel(group.running, reason);
    }
    return { release: () => this.#release(key, request) };
  }

  #cancel(request: GroupRequest, reason: string): void {
    if (this.#cancelled.has(request)) return;
    this.#cancelled.add(request);
    request.onCancelled(reason);
  }

  #release(key: string, request: GroupRequest): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    if (group.running !== request) {
      group.waiting = group.waiting.filter((waiting) => waiting !== request);
      return;
    }
    group.running = group.waiting.shift();
    if (group.running === undefined) this.#groups.delete(key);
    else group.running.onGranted();
  }
}
