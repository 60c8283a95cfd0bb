/** What a build is run with, and what it hands back. */
import type { Executor, JobNeeds } from "../executors/executor.ts";
import type { ServiceJob } from "../identity/service-job.ts";
import type { JsonObject } from "../json.ts";
import type { JobRequest, JobServices } from "../protocol/job-request.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";
import type { Conclusion } from "../status.ts";
import type { BuildClock } from "./build-clock.ts";
import type { BuildEventSink } from "./build-event.ts";
import type { ConcurrencyGroups } from "./concurrency-groups.ts";
import type { LoadWorkflow, WorkflowOrigin } from "./load-workflow.ts";

export interface BuildOptions {
  readonly spec: WorkflowSpec;
  /** Where the spec comes from; absent: its file in the build's own repository. */
  readonly origin?: WorkflowOrigin;
  readonly buildId: string;
  /**
   * The `github` context of the build, without what belongs to a job (`job`, `job_workflow_sha`, `token`, paths): event,
   * event_name, sha, ref, ref_name, repository, actor, run_id, workflow_ref and so on. `workflow` is set here from
   * the spec where it is missing.
   */
  readonly github: JsonObject;
  readonly vars: { readonly [name: string]: string };
  /** Names are matched without regard to case. `GITHUB_TOKEN` also becomes `github.token`. */
  readonly secrets: { readonly [name: string]: string };
  /** The `inputs` context of the top workflow, as `resolveInputs` gives it. */
  readonly inputs: JsonObject;

  /** Who runs a job with these needs. Asked once for each attempt. */
  readonly chooseExecutor: ChooseExecutor;
  /** What the place of a job adds to its request. Asked once for each attempt, just before it starts. */
  readonly jobEnvironment: (job: PlacedJob) => JobEnvironment | Promise<JobEnvironment>;
  /** Absent: a job with `uses` of a workflow fails with a clear error. */
  readonly loadWorkflow?: LoadWorkflow;
  /** Absent: no artifact, cache or OIDC service is offered. Asked only for jobs with a `uses` step or an id token. */
  readonly services?: JobServicesSource;

  /** Jobs that may run at once, at least 1. Absent: no limit. */
  readonly maxJobs?: number;
  /** Absent: all jobs. */
  readonly only?: JobSelection;
  /** True: a `.platform.yaml` image that the executor would not use fails the build, where it else is a warning. */
  readonly strict?: boolean;
  /** What becomes of a job whose place was lost. Absent: no retry. */
  readonly infrastructureRetry?: RetryPolicy;
  /** Shared by all builds of a process, so that groups hold across workflows. Absent: groups of this build only. */
  readonly concurrency?: ConcurrencyGroups;

  readonly sink: BuildEventSink;
  /** Cancels the build: running jobs are asked to end, jobs with `always()` still run. */
  readonly signal?: AbortSignal;
  /** Ends everything at once; nothing that waits is started any more. */
  readonly kill?: AbortSignal;
  readonly clock: BuildClock;
}

/** `skip`: the job is skipped with this reason. `fail`: it fails with it, before anything of it runs. */
type ExecutorChoice = Executor | { readonly skip: string } | { readonly fail: string };

export type ChooseExecutor = (needs: JobNeeds) => ExecutorChoice;

export interface PlacedJob {
  /** As in `JobRequest`. */
  readonly jobKey: string;
  readonly jobId: string;
  readonly displayName: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** Where it will run. */
  readonly executor: Executor["name"];
  /** It works where the other jobs of its build do. */
  readonly sharesWorkspace?: boolean;
}

export type JobEnvironment = Pick<
  JobRequest,
  "baseEnv" | "directories" | "runner" | "actions" | "checkout" | "debug" | "workspaceOwner"
> & {
  /** Values that must never leave the runner, besides secrets. */
  readonly masks?: readonly string[];
};

/** The part of the artifact, cache and OIDC services that a build uses. */
export interface JobServicesSource {
  servicesFor(job: ServiceJob): Promise<JobServices>;
  /** The attempt has ended: its tokens are no longer good. */
  revoke(job: Pick<ServiceJob, "buildId" | "jobKey" | "attempt">): Promise<void>;
}

export interface JobSelection {
  /** Ids of jobs of the top workflow; these and what they need are run. Absent or empty: all. */
  readonly jobs?: readonly string[];
  /** Only matrix legs with one of these values are run, by the values' string form. Keys a matrix lacks are ignored. */
  readonly matrix?: { readonly [key: string]: readonly string[] };
}

interface RetryPolicy {
  /** Attempts after the first. */
  readonly limit: number;
  /** Milliseconds before attempt `attempt` (2, 3, …) starts. */
  delayMs(attempt: number): number;
}

export interface BuildEnd {
  readonly result: Exclude<Conclusion, "skipped">;
  /** Why it ended so where no job says it (a bad `concurrency`, a full queue, …). */
  readonly error?: string;
  /** Every job that was known, in the order they were added; groups included. */
  readonly jobs: readonly BuildJobEnd[];
}

export interface BuildJobEnd {
  readonly key: string;
  readonly name: string;
  readonly kind: "job" | "group";
  /** After `continue-on-error`. */
  readonly result: Conclusion;
  readonly outcome: Conclusion;
  readonly outputs: { readonly [name: string]: string };
}
