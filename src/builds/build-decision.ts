/** What a build machine wants done. Whoever carries it out comes back with facts. */
import type { Conclusion } from "../status.ts";
import type { BuildEventBody } from "./build-event.ts";
import type { ConcurrencySetting } from "./concurrency-setting.ts";
import type { WorkflowOrigin } from "./load-workflow.ts";
import type { PlannedJob } from "./planned-job.ts";

export type BuildDecision =
  | { readonly kind: "add-job"; readonly added: JobAdded }
  /** Take part in a group; answered by `group-granted` or `group-cancelled`, until `release-group`. */
  | {
      readonly kind: "acquire-group";
      readonly holder: string;
      /** The job that waits; absent: the build itself. */
      readonly job?: string;
      readonly setting: ConcurrencySetting;
      /** Holders this one runs within: waiting for one of them would be for ever. */
      readonly within: readonly string[];
    }
  | { readonly kind: "release-group"; readonly holder: string }
  /** Answered by `workflow-loaded` or `workflow-failed`. */
  | {
      readonly kind: "load-workflow";
      readonly job: string;
      readonly uses: string;
      readonly from: WorkflowOrigin;
    }
  /** Answered by `job-ended`, as are the two below for a job that was started. */
  | { readonly kind: "start-job"; readonly job: PlannedJob }
  | { readonly kind: "cancel-job"; readonly job: string; readonly reason: string }
  | { readonly kind: "kill-job"; readonly job: string; readonly reason: string }
  | ({ readonly kind: "finish-job" } & FinishedJob)
  | {
      readonly kind: "finish-build";
      readonly result: Exclude<Conclusion, "skipped">;
      readonly error?: string;
    };

export type JobAdded = Omit<Extract<BuildEventBody, { type: "job.added" }>, "type">;

/** A job's end, said exactly once for every job that was added. */
export interface FinishedJob {
  readonly job: string;
  /** After `continue-on-error`. */
  readonly result: Conclusion;
  readonly outcome: Conclusion;
  readonly outputs: { readonly [name: string]: string };
  readonly error?: string;
  readonly reason?: string;
  readonly environmentUrl?: string;
}
