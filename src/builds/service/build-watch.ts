import { ExecError } from "../../errors.ts";
import { isFinal } from "../../status.ts";
import type { BuildView } from "./executor-service.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";
import { viewBuild } from "./view-build.ts";

export type BuildWatchParts = Pick<ExecutorServiceParts, "store" | "events" | "clock" | "logger" | "lookMs">;

const LOOK_MS = 5_000;
/** Changes that come closer together are seen together. */
const GAP_MS = 100;

/**
 * Reads a build again whenever it may have changed, for all who watch it. Events only say when to look; a lost one costs
 * a delay. Records that are away for a while end no watch: it goes on when they are back.
 */
export class BuildWatch {
  readonly #buildId: string;
  readonly #parts: BuildWatchParts;
  readonly #onEnd: () => void;
  #watchers = 0;
  #view: BuildView | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;
  /** Renewed whenever one of the three above changes. */
  #news = Promise.withResolvers<void>();
  #wake: (() => void) | undefined;
  #dirty = false;

  /** `onEnd`: nobody may join any more. */
  constructor(buildId: string, parts: BuildWatchParts, onEnd: () => void) {
    this.#buildId = buildId;
    this.#parts = parts;
    this.#onEnd = onEnd;
  }

  join(): void {
    this.#watchers += 1;
    if (this.#watchers === 1) void this.#run();
  }

  leave(): void {
    this.#watchers -= 1;
    if (this.#watchers === 0) this.#end();
  }

  /** The build once it is newer than this version. Undefined: it has ended, or `signal` is aborted. */
  async after(version: number, signal: AbortSignal): Promise<BuildView | undefined> {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
    const onAbort = () => abort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const view = this.#view;
        if (view !== undefined && view.build.version > version) return view;
        if (view !== undefined && isFinal(view.build.status)) return undefined;
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#ended) return undefined;
        await Promise.race([this.#news.promise, aborted]);
      }
      return undefined;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #run(): Promise<void> {
    const { lookMs = LOOK_MS } = this.#parts;
    const stopListening = this.#listen();
    try {
      while (!this.#ended) {
        await this.#read();
        if (this.#view !== undefined && isFinal(this.#view.build.status)) this.#end();
        if (!this.#ended) await this.#pause(GAP_MS, false);
        if (!this.#ended) await this.#pause(lookMs, true);
      }
    } catch (error) {
      this.#failure = { error };
      this.#end();
    } finally {
      stopListening();
    }
  }

  /** In the background: where there are no events now, looking from time to time must do. */
  #listen(): () => void {
    const { events, logger } = this.#parts;
    const gaps = events.onGap(() => this.#look());
    const heard = events.subscribe({ types: ["build.changed"], buildId: this.#buildId }, (event) => {
      if (event.type === "build.changed" && event.version > (this.#view?.build.version ?? 0)) this.#look();
    });
    heard.then(
      () => this.#look(),
      (error: unknown) => logger.warn({ buildId: this.#buildId, error }, "a watch hears no events"),
    );
    return () => {
      gaps.unsubscribe();
      heard.then((subscription) => subscription.unsubscribe()).catch(() => {});
    };
  }

  async #read(): Promise<void> {
    const { store, logger } = this.#parts;
    this.#dirty = false;
    const seen = this.#view?.build.version ?? 0;
    try {
      if (seen > 0 && (await store.builds.get(this.#buildId)).version <= seen) return;
      const view = await viewBuild(this.#buildId, store);
      if (view.build.version <= seen) return;
      this.#view = view;
      this.#tell();
    } catch (error) {
      const passes = error instanceof ExecError && error.retryable;
      if (seen === 0 || !passes) throw error;
      logger.debug({ buildId: this.#buildId, error }, "a watched build could not be read");
    }
  }

  #look(): void {
    this.#dirty = true;
    this.#wake?.();
  }

  /** `wakes`: a look that was asked for ends it. */
  async #pause(delayMs: number, wakes: boolean): Promise<void> {
    if (wakes && this.#dirty) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.#parts.clock.after(delayMs, resolve);
    this.#wake = () => {
      if (wakes || this.#ended) resolve();
    };
    await promise;
    this.#wake = undefined;
    stop();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#wake?.();
    this.#tell();
  }

  #tell(): void {
    const news = this.#news;
    this.#news = Promise.withResolvers();
    news.resolve();
  }
}
