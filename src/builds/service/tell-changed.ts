import type { EventBus } from "../../events/event-bus.ts";
import type { BuildRecord } from "../../store/build-record.ts";

/** Tells watchers that a build itself moved. */
export function tellChanged({ id, projectId, version, status }: BuildRecord, events: EventBus): void {
  const changes = [{ kind: "build" as const, id, status }];
  events.publish({ type: "build.changed", buildId: id, projectId, version, status, changes });
}
