import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { EventBus, Subscription } from "../../events/event-bus.ts";
import type { BuildSummary } from "../rest/views/build-view.ts";

export interface ProjectHubOptions {
  /** The newest builds of a project, newest first. */
  readonly list: (projectId: string) => Promise<readonly BuildSummary[]>;
  readonly load: (buildId: string) => Promise<BuildSummary>;
  readonly events: Pick<EventBus, "subscribe" | "onGap">;
  readonly clock: Clock;
}

export interface ProjectWatcher {
  snapshot(builds: readonly BuildSummary[]): void;
  /** Builds that are new or have changed, whole. */
  change(builds: readonly BuildSummary[]): void;
  failed(error: unknown): void;
}

const GATHER_MS = 200;
/** More at once are told as a fresh snapshot. */
const MAX_CHANGES = 30;
const RETRY_MS = 1_000;

/** Builds of projects that are watched: the records are read once for all who watch a project. */
export class ProjectHub {
  readonly #options: ProjectHubOptions;
  readonly #watched = new Map<string, WatchedProject>();
  readonly #gaps: Subscription;

  constructor(options: ProjectHubOptions) {
    this.#options = options;
    this.#gaps = options.events.onGap(() => {
      for (const watched of this.#watched.values()) watched.refresh();
    });
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Rejects where the builds cannot be read. Gives what ends the watch. */
  async watch(projectId: string, watcher: ProjectWatcher): Promise<() => void> {
    let watched = this.#watched.get(projectId);
    if (watched === undefined) {
      watched = new WatchedProject(projectId, this.#options, () => this.#watched.delete(projectId));
      this.#watched.set(projectId, watched);
    }
    return watched.add(watcher);
  }

  close(): void {
    this.#gaps.unsubscribe();
    for (const watched of this.#watched.values()) watched.close();
  }
}

class WatchedProject {
  readonly #id: string;
  readonly #options: ProjectHubOptions;
  readonly #forget: () => void;
  readonly #watchers = new Set<ProjectWatcher>();
  readonly #ready: Promise<void>;
  readonly #changed = new Set<string>();
  #all = false;
  /** Events so far. */
  #heard = 0;
  #joining = 0;
  #subscription: Subscription | undefined;
  #cancelTimer: (() => void) | undefined;
  #loading = false;
  #closed = false;

  constructor(id: string, options: ProjectHubOptions, forget: () => void) {
    this.#id = id;
    this.#options = options;
    this.#forget = forget;
    this.#ready = this.#begin();
  }

  async add(watcher: ProjectWatcher): Promise<() => void> {
    this.#joining += 1;
    try {
      await this.#ready;
      const heard = this.#heard;
      watcher.snapshot(await this.#options.list(this.#id));
      this.#watchers.add(watcher);
      // Of what changed since the look the others may have been told already.
      if (this.#heard !== heard) this.refresh();
    } finally {
      this.#joining -= 1;
      this.#closeIfIdle();
    }
    return () => {
      this.#watchers.delete(watcher);
      this.#closeIfIdle();
    };
  }

  refresh(): void {
    this.#all = true;
    this.#soon(GATHER_MS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#subscription?.unsubscribe();
    this.#forget();
  }

  #closeIfIdle(): void {
    if (this.#watchers.size === 0 && this.#joining === 0) this.close();
  }

  async #begin(): Promise<void> {
    try {
      this.#subscription = await this.#options.events.subscribe(
        { types: ["build.changed"], projectId: this.#id },
        (event) => {
          if (event.type !== "build.changed") return;
          this.#heard += 1;
          // Steps of a build do not show in a list of builds, but its version does.
          if (this.#changed.size <= MAX_CHANGES) this.#changed.add(event.buildId);
          this.#soon(GATHER_MS);
        },
      );
      if (this.#closed) this.#subscription.unsubscribe();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #soon(delayMs: number): void {
    if (this.#closed || this.#loading || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#load();
    });
  }

  async #load(): Promise<void> {
    const ids = [...this.#changed];
    const all = this.#all || ids.length > MAX_CHANGES;
    this.#changed.clear();
    this.#all = false;
    this.#loading = true;
    try {
      if (all) {
        const builds = await this.#options.list(this.#id);
        for (const watcher of [...this.#watchers]) watcher.snapshot(builds);
      } else {
        const builds = await Promise.all(ids.map((id) => this.#options.load(id)));
        for (const watcher of [...this.#watchers]) watcher.change(builds);
      }
      this.#loading = false;
      if (this.#all || this.#changed.size > 0) this.#soon(GATHER_MS);
    } catch (error) {
      this.#loading = false;
      if (error instanceof ExecError && !error.retryable && all) {
        for (const watcher of [...this.#watchers]) watcher.failed(error);
        return this.close();
      }
      this.#all = true;
      this.#soon(RETRY_MS);
    }
  }
}
