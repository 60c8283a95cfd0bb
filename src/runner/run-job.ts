import { randomUUID } from "node:crypto";
import type { JobFinishedFrame } from "../protocol/frame.ts";
import type { JobRequest } from "../protocol/job-request.ts";
import { followSignals } from "./follow-signals.ts";
import { FrameWriter } from "./frame-writer.ts";
import { Job } from "./job.ts";
import { JobCancellation } from "./job-cancellation.ts";
import { evaluateEnvironmentUrl, evaluateOutputs, type JobResults } from "./job-results.ts";
import { worse } from "./job-status.ts";
import { Masker } from "./output/masker.ts";
import { MatcherRegistry } from "./output/matcher-registry.ts";
import type { StepLog } from "./output/step-log.ts";
import { OutputPipes } from "./process/output-pipes.ts";
import { createProcessTracker } from "./process/process-tracker.ts";
import { runOwnStep } from "./run-own-step.ts";
import type { RunnerPorts } from "./runner-ports.ts";
import { addMasks } from "./setup/add-masks.ts";
import { evaluateJobSettings } from "./setup/evaluate-job.ts";
import { emptyTemp, prepareDirectories } from "./setup/job-directories.ts";
import { jobHooks } from "./setup/job-hooks.ts";
import { ownWorkspace } from "./setup/own-workspace.ts";
import { prepareActions } from "./setup/prepare-actions.ts";
import { announcePlan } from "./steps/announce-plan.ts";
import { errorMessage } from "./steps/error-message.ts";
import { type PlannedStep, planSteps } from "./steps/plan-steps.ts";
import { runMainSteps } from "./steps/run-main-steps.ts";
import { announceStage, runStageSteps, type StageStep } from "./steps/run-stage-steps.ts";
import { hasPre } from "./steps/step-stages.ts";

/**
 * Runs one job to its end and says what happens in frames, the last of which it also returns. A failing job is a
 * value; this rejects only if the sink throws.
 *
 * Actions plug in by what `src/runner/actions` promises: `createActionStore(…).resolve(uses)` before the first step
 * or when a step is about to run, `actionInputs` for `with`, `javascriptAction` for the process of pre, main and
 * post, `runCheckout` and `cleanUpCheckout` for the built-in checkout. Composite actions are run here.
 */
export async function runJob(request: JobRequest, ports: RunnerPorts): Promise<JobFinishedFrame> {
  const { clock } = ports;
  const startedAt = clock.monotonic();
  const cancellation = new JobCancellation(clock, request.cancelTimeoutMs);
  const frames = new FrameWriter(ports.sink, clock, () =>
    cancellation.kill({ kind: "cancelled", message: "Nobody listens to the job any more." }),
  );
  const masker = new Masker();
  addMasks(masker, request);
  const job = new Job(request, ports, {
    frames,
    masker,
    matchers: new MatcherRegistry(),
    tracker: createProcessTracker(ports.trackingId ?? `github_${randomUUID()}`, clock),
    pipes: ports.pipes ?? new OutputPipes(),
    cancellation,
  });
  const unfollow = followSignals(job);
  const results: JobResults = { outputs: {} };
  let error: string | undefined;
  void frames.emit({ type: "job.started", workspace: request.directories.workspace });
  try {
    error = await runStages(job, results);
  } catch (problem) {
    job.status = worse(job.status, "failure");
    error = errorMessage(problem);
  }
  unfollow();
  const finished: JobFinishedFrame = {
    type: "job.finished",
    result: resultOf(job),
    ...results,
    ...errorOf(job, error),
    durationMs: clock.monotonic() - startedAt,
  };
  if (ports.pipes === undefined) await job.tools.pipes.close();
  await frames.emit(finished);
  await frames.settle();
  return finished;
}

/** Returns why the job failed where no step of the file says so. */
async function runStages(job: Job, results: JobResults): Promise<string | undefined> {
  const { cancellation } = job.tools;
  let plan: PlannedStep[] = [];
  let error: string | undefined;
  if (cancellation.cause === undefined) {
    error = await runOwnStep(job, "setup", "Set up job", async (log) => {
      plan = await setUp(job, log);
    });
    if (error !== undefined) job.status = worse(job.status, "failure");
    // A job that is cancelled before its first step has no step that could want to clean up.
    if (error === undefined && cancellation.cause === undefined) await runSteps(job, plan);
  }
  const failed = await runOwnStep(job, "complete", "Complete job", (log) =>
    complete(job, log, error === undefined && plan.length > 0 ? results : undefined),
  );
  if (failed !== undefined) job.status = worse(job.status, "failure");
  return error ?? failed;
}

async function setUp(job: Job, log: StepLog): Promise<PlannedStep[]> {
  const { request } = job;
  log.line(`Runner name: '${request.runner.name}'`);
  log.line(`Prepare workflow directory: ${request.directories.workspace}`);
  prepareDirectories(request);
  job.tools.pipes.prepare();
  evaluateJobSettings(job);
  const plan = planSteps(request, { contexts: namedBeforehand(job) });
  const units = plan.flatMap((step) => (step.kind === "work" ? [step.unit] : []));
  await prepareActions(job, units, (line) => log.line(line));
  log.line(`Complete job name: ${request.displayName}`);
  return plan;
}

/** What GitHub knows when it names the steps of a job that has not started. */
function namedBeforehand(job: Job) {
  const { github, needs, strategy, matrix, vars, inputs } = job.settledContexts();
  return { github, needs, strategy, matrix, vars, inputs };
}

async function runSteps(job: Job, plan: readonly PlannedStep[]): Promise<void> {
  const work = plan.flatMap((step) => (step.kind === "work" ? [step] : []));
  const withPre = work.filter(({ unit }) => hasPre(unit));
  const { started, completed } = jobHooks(job.request);
  const hook = started === undefined ? [] : [started];
  const pre = announceStage(job, "pre", [...hook, ...withPre.map(prefixed("Pre "))]);
  const numbers = announcePlan(job, plan);
  await runStageSteps(job, pre);
  await runMainSteps(job, plan, numbers);
  const posts = job.posts.toReversed().map(prefixed("Post "));
  const last = completed === undefined ? [] : [completed];
  await runStageSteps(job, announceStage(job, "post", [...posts, ...last]));
}

function prefixed(prefix: string): (step: StageStep) => StageStep {
  return ({ unit, name }) => ({ unit, name: `${prefix}${name}` });
}

async function complete(job: Job, log: StepLog, results: JobResults | undefined): Promise<void> {
  const { tracker, cancellation } = job.tools;
  let problem: unknown;
  if (results !== undefined && !cancellation.killed.aborted) {
    try {
      results.outputs = evaluateOutputs(job, log);
      const url = evaluateEnvironmentUrl(job, log);
      if (url !== undefined) results.environmentUrl = url;
    } catch (error) {
      problem = error;
    }
  }
  if (job.request.collect !== undefined && results !== undefined && !cancellation.killed.aborted) {
    await collect(job, log, job.request.collect);
  }
  log.line("Cleaning up orphan processes");
  for (const { pid, name } of await tracker.killLeftovers()) {
    log.line(`Terminate orphan process: pid (${pid}) (${name})`);
  }
  const disowned = await ownWorkspace(job.request, process.getuid?.());
  if (disowned !== undefined) log.annotate({ level: "warning", message: disowned });
  const left = await emptyTemp(job.request.directories);
  if (left !== undefined) log.annotate({ level: "warning", message: left });
  if (problem !== undefined) throw problem;
}

async function collect(job: Job, log: StepLog, specs: readonly unknown[]): Promise<void> {
  if (specs.length === 0) return;
  const { keepArtifacts } = await import("./artifacts/keep-artifacts.ts");
  await keepArtifacts(job.request, {
    fetch: (url, init) => fetch(url, init),
    signal: job.tools.cancellation.killed,
    clock: job.clock,
    log: (line) => log.line(line),
    warn: (message) => log.annotate({ level: "warning", message }),
  });
}

function resultOf({ status, tools }: Job): JobFinishedFrame["result"] {
  const { cause } = tools.cancellation;
  if (cause === undefined) return status;
  // To the outside a job that took too long has failed; only its own steps see it as cancelled.
  return cause.kind === "timeout" ? "failure" : "cancelled";
}

function errorOf({ tools }: Job, error: string | undefined): { readonly error?: string } {
  const { cause, overBudget } = tools.cancellation;
  const budget = overBudget ? " What still ran after that took too long and was killed." : "";
  const text = cause === undefined ? error : `${cause.message}${budget}`;
  return text === undefined ? {} : { error: tools.masker.text(text) };
}
