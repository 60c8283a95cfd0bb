import type { Conclusion } from "../status.ts";

/** How a job, or a composite action, stands so far: `job.status`, `github.action_status`. */
export type RunStatus = Exclude<Conclusion, "skipped">;

const WEIGHT: Readonly<Record<Conclusion, number>> = { success: 0, skipped: 0, failure: 1, cancelled: 2 };

/** What becomes of `status` when something in it ended so: the worse of both, where cancelled is worst. */
export function worse(status: RunStatus, ended: Conclusion): RunStatus {
  return ended !== "skipped" && WEIGHT[ended] > WEIGHT[status] ? ended : status;
}
