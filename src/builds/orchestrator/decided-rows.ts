import { statusOfConclusion } from "../../status.ts";
import type { BuildChange } from "../../store/build-change.ts";
import type { CarriedJob } from "../../store/build-record.ts";
import type { BuildDecision } from "../build-decision.ts";
import type { PlannedJob } from "../planned-job.ts";
import { type BuildEndCause, buildMoved } from "./build-end.ts";
import type { BuildRows } from "./build-rows.ts";

export interface DecidedRowsParts {
  readonly rows: BuildRows;
  readonly carried: ReadonlyMap<string, CarriedJob>;
  /** Nothing but room on the server keeps it from starting. */
  readonly startsAtOnce: (job: PlannedJob) => boolean;
  /** Its last attempt's place was lost. */
  readonly isLost: (job: string) => boolean;
  readonly cause: BuildEndCause;
}

/** The changes of the records that follow from decisions; jobs that are added and start at once are queued at once. */
export function decidedRows(
  decisions: readonly BuildDecision[],
  at: number,
  { rows, carried, startsAtOnce, isLost, cause }: DecidedRowsParts,
): BuildChange[] {
  const starting = new Set(
    decisions.flatMap((decision) =>
      decision.kind === "start-job" && startsAtOnce(decision.job) ? [decision.job.key] : [],
    ),
  );
  const changesOf = (decision: BuildDecision): BuildChange[] => {
    switch (decision.kind) {
      case "add-job": {
        const { added } = decision;
        const from = carried.get(added.job)?.jobId;
        const queued = starting.delete(added.job);
        return rows.add(added, at, { queued, ...(from === undefined ? {} : { carriedFrom: from }) });
      }
      case "start-job":
        return starting.has(decision.job.key) ? rows.move(decision.job.key, "queued", at) : [];
      case "finish-job": {
        const { kind: _kind, job, ...end } = decision;
        const lost = isLost(job) ? { infrastructureFailure: true } : {};
        return rows.move(job, statusOfConclusion(end.outcome), at, { ...end, ...lost });
      }
      case "finish-build":
        return [buildMoved(decision, cause, at)];
      case "acquire-group":
      case "release-group":
      case "load-workflow":
      case "cancel-job":
      case "kill-job":
        return [];
    }
  };
  return decisions.flatMap(changesOf);
}
