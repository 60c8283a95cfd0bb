import { BuildWatch, type BuildWatchParts } from "./build-watch.ts";
import type { BuildView } from "./executor-service.ts";

/** Who watches which build: however many watch one, its records are read once for all of them. */
export class BuildWatches {
  readonly #parts: BuildWatchParts;
  readonly #watches = new Map<string, BuildWatch>();

  constructor(parts: BuildWatchParts) {
    this.#parts = parts;
  }

  /** See `ExecutorService.watchBuild`. Ends quietly when `signal` is aborted. */
  async *watch(buildId: string, signal: AbortSignal): AsyncGenerator<BuildView, void, undefined> {
    if (signal.aborted) return;
    const watch = this.#join(buildId);
    try {
      let seen = 0;
      for (;;) {
        const view = await watch.after(seen, signal);
        if (view === undefined) return;
        seen = view.build.version;
        yield view;
      }
    } finally {
      watch.leave();
    }
  }

  #join(buildId: string): BuildWatch {
    let watch = this.#watches.get(buildId);
    if (watch === undefined) {
      const made = new BuildWatch(buildId, this.#parts, () => {
        if (this.#watches.get(buildId) === made) this.#watches.delete(buildId);
      });
      this.#watches.set(buildId, made);
      watch = made;
    }
    watch.join();
    return watch;
  }
}
