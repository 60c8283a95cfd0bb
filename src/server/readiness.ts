import type { ReadinessPart } from "../api/rest/api-deps.ts";
import type { SharedParts } from "./shared-parts.ts";

/** What must answer before a process of these parts is of use. */
export function readinessOf({
  store,
  queue,
  events,
}: Pick<SharedParts, "store" | "queue" | "events">): readonly ReadinessPart[] {
  return [
    { name: "records", check: () => store.ping() },
    { name: "queue", check: () => queue.ping() },
    { name: "events", check: () => events.ping() },
  ];
}
