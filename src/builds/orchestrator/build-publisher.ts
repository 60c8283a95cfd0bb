import type { EventBus } from "../../events/event-bus.ts";
import type { WatchedChange } from "../../events/platform-event.ts";
import type { BuildChange } from "../../store/build-change.ts";
import type { BuildRecord, BuildStatus } from "../../store/build-record.ts";
import type { JobRecord, StepRecord } from "../../store/job-record.ts";
import { WatchedChanges } from "./watched-changes.ts";

/** Tells by events what changed in the records of one build. */
export class BuildPublisher {
  readonly #build: Pick<BuildRecord, "id" | "projectId">;
  readonly #events: EventBus;
  readonly #watched: WatchedChanges;
  #announced = false;

  constructor(build: BuildRecord, events: EventBus) {
    this.#build = build;
    this.#events = events;
    this.#watched = new WatchedChanges(build.id);
  }

  /** What the records had before. */
  know(jobs: readonly JobRecord[], steps: readonly StepRecord[]): void {
    this.#watched.know(jobs);
    this.#watched.knowSteps(steps);
  }

  /** The first time it says that the build runs. */
  publish(written: readonly BuildChange[], version: number): void {
    const { id, projectId } = this.#build;
    const watched = this.#watched.of(written);
    const moved = watched.find(({ kind }) => kind === "build");
    const status = (moved?.status ?? "running") as BuildStatus;
    const first: readonly WatchedChange[] =
      this.#announced || moved !== undefined ? [] : [{ kind: "build", id, status }];
    this.#announced = true;
    const changes = [...first, ...watched];
    this.#events.publish({ type: "build.changed", buildId: id, projectId, version, status, changes });
  }
}
