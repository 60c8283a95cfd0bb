/** States of builds, jobs and steps, and the only legal moves between them. */

export type Status =
  | "pending"
  | "queued"
  | "waiting"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "skipped";

const MOVES: Readonly<Record<Status, readonly Status[]>> = {
  pending: ["queued", "waiting", "running", "cancelled", "skipped", "failed"],
  waiting: ["pending", "queued", "running", "cancelled", "failed"],
  queued: ["running", "cancelled", "failed"],
  running: ["succeeded", "failed", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
  skipped: [],
};

export function isLegalMove(from: Status, to: Status): boolean {
  return MOVES[from].includes(to);
}

/** True for the states nothing can leave. */
export function isFinal(status: Status): boolean {
  return MOVES[status].length === 0;
}

/**
 * The word GitHub's contexts use for an ended job or step (`needs.*.result`, `steps.*.conclusion`,
 * `job.status`).
 */
export type Conclusion = "success" | "failure" | "cancelled" | "skipped";

export function statusOfConclusion(conclusion: Conclusion): Status {
  switch (conclusion) {
    case "success":
      return "succeeded";
    case "failure":
      return "failed";
    case "cancelled":
      return "cancelled";
    case "skipped":
      return "skipped";
  }
}
