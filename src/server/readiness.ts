import type { ReadinessPart } from "../api/rest/api-deps.ts";
import type { SharedParts } from "./shared-parts.ts";

/** What must answer before a process of these parts is of use. */
export function readinessOf({
  store,
  queue,
  events,
  blobs,
}: Pick<SharedParts, "store" | "queue" | "events" | "blobs">): readonly ReadinessPart[] {
  return [
    { name: "records", check: () => store.ping() },
    { name: "queue", check: () => queue.ping() },
    { name: "events", check: () => events.ping() },
    // That there is none is an answer too.
    { name: "blobs", check: () => blobs.store.stat("checks/ready") },
  ];
}
