import type { JsonObject } from "../json.ts";
import type { BuildRecord } from "../store/build-record.ts";

/** The `github` context of a snapshot with what tells one run and attempt from another, which only its record knows. */
export function githubOfBuild(
  { runId, number, attempt }: Pick<BuildRecord, "runId" | "number" | "attempt">,
  github: JsonObject,
): JsonObject {
  return {
    ...github,
    run_id: String(runId),
    run_number: String(number),
    run_attempt: String(attempt),
  };
}
