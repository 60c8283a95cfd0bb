import type { TriggerSpec } from "../workflow-spec.ts";
import type { TriggerEvent } from "./trigger-event.ts";

export interface TriggerMatch {
  readonly starts: boolean;
  /** Why, or why not, for a person. */
  readonly reason: string;
}

/** Does this event start a pipeline with these triggers? */
export function matchTriggers(_on: readonly TriggerSpec[], event: TriggerEvent): TriggerMatch {
  return { starts: false, reason: `${event.name} is not understood` };
}
