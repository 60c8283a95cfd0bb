import { ExecError } from "../../errors.ts";
import { isFinal, isLegalMove, type Status } from "../../status.ts";

/** What a job and a step have in common: a state, and when each was reached. */
export interface MovingRow {
  status: Status;
  waiting_at: number | null;
  queued_at: number | null;
  started_at: number | null;
  finished_at: number | null;
}

/**
 * Moves a row to a state. One that it is in, or was moved to at just that time, it has reached: a batch may be applied
 * again as a whole. Throws `Conflict` for any other move that is not legal.
 */
export function moveRow(row: MovingRow, to: Status, at: number, what: string): void {
  if (row.status === to || reachedAt(row, to) === at) return;
  if (!isLegalMove(row.status, to))
    throw new ExecError("Conflict", `${what} is ${row.status} and cannot become ${to}`);
  row.status = to;
  if (to === "waiting") row.waiting_at = at;
  else if (to === "queued") row.queued_at = at;
  else if (to === "running") row.started_at = at;
  else if (isFinal(to)) row.finished_at = at;
}

function reachedAt(row: MovingRow, to: Status): number | null {
  if (to === "waiting") return row.waiting_at;
  if (to === "queued") return row.queued_at;
  return to === "running" ? row.started_at : null;
}
