import { ExecError } from "../errors.ts";
import type { Json } from "../json.ts";
import { booleanOf, isMapping, mappingOf, textOf } from "./typed-value.ts";

/** An evaluated `concurrency`. */
export interface ConcurrencySetting {
  /** As written; groups are told apart without regard to case. */
  readonly group: string;
  readonly cancelInProgress: boolean;
  /** `single`: a newer one that waits takes the place of an older one. `max`: up to 100 wait, in order. */
  readonly queue: "single" | "max";
}

const MAX_GROUP_LENGTH = 400;

/** Throws `ExecError` (`InvalidSpec`) where it is none. */
export function concurrencySetting(value: Json): ConcurrencySetting {
  const mapping = isMapping(value) ? mappingOf(value) : { group: value };
  const group = textOf(mapping.group ?? null);
  if (group === "") throw new ExecError("InvalidSpec", "Concurrency group name cannot be empty");
  if (group.length > MAX_GROUP_LENGTH) {
    throw new ExecError(
      "InvalidSpec",
      `Concurrency group name must be less than ${MAX_GROUP_LENGTH} characters`,
    );
  }
  const cancel = mapping["cancel-in-progress"];
  const cancelInProgress = cancel === undefined ? false : booleanOf(cancel);
  const queue = mapping.queue === undefined ? "single" : textOf(mapping.queue);
  if (queue !== "single" && queue !== "max") {
    throw new ExecError("InvalidSpec", `Unexpected value '${queue}' for queue: expected single or max`);
  }
  if (queue === "max" && cancelInProgress) {
    throw new ExecError("InvalidSpec", "queue: max cannot be combined with cancel-in-progress: true");
  }
  return { group, cancelInProgress, queue };
}
