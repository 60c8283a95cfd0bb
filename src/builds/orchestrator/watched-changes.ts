import type { WatchedChange } from "../../events/platform-event.ts";
import { isFinal } from "../../status.ts";
import type { BuildChange } from "../../store/build-change.ts";
import type { StepRecord } from "../../store/job-record.ts";

/** What of the changes to a build's records a watcher is told. Knows the states of all that has not ended. */
export class WatchedChanges {
  readonly #known = new Map<string, WatchedChange>();
  readonly #buildId: string;

  constructor(buildId: string) {
    this.#buildId = buildId;
  }

  know(rows: readonly { readonly id: string; readonly status: WatchedChange["status"] }[]): void {
    for (const { id, status } of rows) this.#known.set(id, { kind: "job", id, status });
  }

  knowSteps(steps: readonly StepRecord[]): void {
    for (const { id, jobId, status } of steps) this.#known.set(id, { kind: "step", id, jobId, status });
  }

  /** The last state of each that changed, in the order they first did. */
  of(changes: readonly BuildChange[]): readonly WatchedChange[] {
    const seen = new Map<string, WatchedChange>();
    for (const change of changes) {
      const watched = this.#take(change);
      if (watched !== undefined) seen.set(watched.id, watched);
    }
    return [...seen.values()];
  }

  #take(change: BuildChange): WatchedChange | undefined {
    switch (change.kind) {
      case "fact":
        return undefined;
      case "build-moved":
        return { kind: "build", id: this.#buildId, status: change.to };
      case "build-described":
        return { kind: "build", id: this.#buildId, status: "running" };
      case "job-added":
        return this.#keep({ kind: "job", id: change.job.id, status: change.job.status ?? "pending" });
      case "step-added": {
        const { id, jobId, status = "pending" } = change.step;
        return this.#keep({ kind: "step", id, jobId, status });
      }
      case "job-changed":
        return this.#changed(change.job, change.to);
      case "step-changed":
        return this.#changed(change.step, change.to);
      case "annotation-added":
        return this.#known.get(change.annotation.jobId);
    }
  }

  #changed(id: string, to: WatchedChange["status"] | undefined): WatchedChange | undefined {
    const known = this.#known.get(id);
    if (known === undefined || to === undefined) return known;
    return this.#keep({ ...known, status: to });
  }

  #keep(watched: WatchedChange): WatchedChange {
    // Steps are many, and nobody changes one that has ended.
    if (watched.kind === "step" && isFinal(watched.status)) this.#known.delete(watched.id);
    else this.#known.set(watched.id, watched);
    return watched;
  }
}
