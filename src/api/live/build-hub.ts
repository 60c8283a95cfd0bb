import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { EventBus, Subscription } from "../../events/event-bus.ts";
import { isFinal } from "../../status.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { LiveBuild } from "../rest/views/build-detail-view.ts";
import { BuildChanges, type LiveChange } from "./build-changes.ts";

export interface BuildHubOptions {
  readonly load: (buildId: string) => Promise<LiveBuild>;
  readonly events: Pick<EventBus, "subscribe" | "onGap">;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface BuildWatcher {
  /** First, and whenever changes may have been missed. */
  snapshot(build: LiveBuild): void;
  change(change: LiveChange): void;
  /** The build has ended: nothing more comes. */
  ended(): void;
  /** It cannot be watched any more: it is gone. */
  failed(error: unknown): void;
}

/** Changes that come closer together are told as one. */
const GATHER_MS = 100;
/** A lost event does no more harm than this. */
const LOOK_AGAIN_MS = 10_000;
const RETRY_MS = 1_000;

/** Builds that are watched: each is read once for all who watch it, when the bus says that it changed. */
export class BuildHub {
  readonly #options: BuildHubOptions;
  readonly #watched = new Map<string, WatchedBuild>();
  readonly #gaps: Subscription;

  constructor(options: BuildHubOptions) {
    this.#options = options;
    this.#gaps = options.events.onGap(() => {
      for (const watched of this.#watched.values()) watched.refresh("snapshot");
    });
  }

  /** Builds that are watched now. */
  get size(): number {
    return this.#watched.size;
  }

  /** Rejects where the build cannot be read. Gives what ends the watch. */
  async watch(buildId: string, watcher: BuildWatcher): Promise<() => void> {
    let watched = this.#watched.get(buildId);
    if (watched === undefined) {
      watched = new WatchedBuild(buildId, this.#options, () => this.#watched.delete(buildId));
      this.#watched.set(buildId, watched);
    }
    return watched.add(watcher);
  }

  close(): void {
    this.#gaps.unsubscribe();
    for (const watched of this.#watched.values()) watched.close();
  }
}

class WatchedBuild {
  readonly #id: string;
  readonly #options: BuildHubOptions;
  readonly #forget: () => void;
  readonly #watchers = new Set<BuildWatcher>();
  readonly #changes = new BuildChanges();
  readonly #ready: Promise<void>;
  #joining = 0;
  #live: LiveBuild | undefined;
  #subscription: Subscription | undefined;
  #cancelTimer = () => {};
  #loading = false;
  #wanted: "change" | "snapshot" | undefined;
  #closed = false;
  #loadMs = 0;

  constructor(id: string, options: BuildHubOptions, forget: () => void) {
    this.#id = id;
    this.#options = options;
    this.#forget = forget;
    this.#ready = this.#begin();
  }

  async add(watcher: BuildWatcher): Promise<() => void> {
    this.#joining += 1;
    try {
      await this.#ready;
    } finally {
      this.#joining -= 1;
    }
    this.#watchers.add(watcher);
    const live = this.#live;
    if (live !== undefined) {
      watcher.snapshot(live);
      if (isFinal(live.status)) watcher.ended();
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0 && this.#joining === 0) this.close();
    };
  }

  /** Reads the build again, soon. */
  refresh(how: "change" | "snapshot"): void {
    if (this.#closed) return;
    if (this.#wanted !== "snapshot") this.#wanted = how;
    if (this.#loading) return;
    this.#cancelTimer();
    // A build that is slow to read is read less often.
    this.#cancelTimer = this.#options.clock.after(
      Math.max(GATHER_MS, 4 * this.#loadMs),
      () => void this.#load(),
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    this.#subscription?.unsubscribe();
    this.#forget();
  }

  async #begin(): Promise<void> {
    try {
      // Before the first look: what changes between the two is told again, never missed.
      this.#subscription = await this.#options.events.subscribe(
        { types: ["build.changed"], buildId: this.#id },
        (event) => {
          if (event.type === "build.changed" && event.version > (this.#live?.version ?? 0))
            this.refreshOnce();
        },
      );
      this.#live = await this.#options.load(this.#id);
      this.#changes.next(this.#live);
      if (this.#closed) this.#subscription.unsubscribe();
      else this.#lookAgain();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Leaves a look that is planned where it is. */
  refreshOnce(): void {
    if (this.#wanted === undefined) this.refresh("change");
  }

  #lookAgain(): void {
    if (this.#closed || (this.#live !== undefined && isFinal(this.#live.status))) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(LOOK_AGAIN_MS, () => void this.#load());
  }

  async #load(): Promise<void> {
    const how = this.#wanted;
    this.#wanted = undefined;
    this.#loading = true;
    const started = this.#options.clock.monotonic();
    try {
      const live = await this.#options.load(this.#id);
      this.#loadMs = this.#options.clock.monotonic() - started;
      this.#loading = false;
      if (this.#closed) return;
      this.#live = live;
      const change = this.#changes.next(live);
      for (const watcher of [...this.#watchers]) {
        if (how === "snapshot") watcher.snapshot(live);
        else if (change !== undefined) watcher.change(change);
        if (isFinal(live.status)) watcher.ended();
      }
      if (isFinal(live.status)) return this.close();
      if (this.#wanted !== undefined) this.refresh(this.#wanted);
      else this.#lookAgain();
    } catch (error) {
      this.#loading = false;
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#closed) return;
    if (error instanceof ExecError && !error.retryable) {
      for (const watcher of [...this.#watchers]) watcher.failed(error);
      this.close();
      return;
    }
    this.#options.logger.warn(
      { buildId: this.#id, error: String(error) },
      "a watched build could not be read",
    );
    this.#wanted = "snapshot";
    this.#cancelTimer = this.#options.clock.after(RETRY_MS, () => void this.#load());
  }
}
