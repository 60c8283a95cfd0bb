import type { BuildChange, BuildDetails } from "../../store/build-change.ts";
import type { BuildStatus } from "../../store/build-record.ts";
import type { BuildDecision } from "../build-decision.ts";

export type FinishBuild = Extract<BuildDecision, { kind: "finish-build" }>;

/** How a build came to its end, besides what the machine says of it. */
export interface BuildEndCause {
  readonly timedOut: boolean;
  /** Why somebody asked for its end: that is told elsewhere. */
  readonly cancelReason: string | undefined;
}

/** A build that took too long was cancelled, but has failed. */
export function buildStatusOf({ result }: FinishBuild, timedOut: boolean): BuildStatus {
  if (timedOut) return "failed";
  switch (result) {
    case "success":
      return "succeeded";
    case "failure":
      return "failed";
    case "cancelled":
      return "cancelled";
  }
}

/** The last change of a build. */
export function buildMoved(decision: FinishBuild, cause: BuildEndCause, at: number): BuildChange {
  const to = buildStatusOf(decision, cause.timedOut);
  return { kind: "build-moved", to, at, ...detailsOf(decision, cause) };
}

function detailsOf({ result, error }: FinishBuild, { timedOut, cancelReason }: BuildEndCause): BuildDetails {
  if (timedOut) return { errorCode: "Timeout", error: error ?? "The build took too long." };
  if (error === undefined) return {};
  // A failure that no job tells is a mistake in the pipeline: a plan that cannot be made, say.
  if (result === "failure") return { errorCode: "InvalidSpec", error };
  return error === cancelReason ? {} : { errorCode: "Cancelled", error };
}
