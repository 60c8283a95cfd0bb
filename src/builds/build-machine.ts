import type { Scope } from "../spec/expressions/scope.ts";
import type { Conclusion } from "../status.ts";
import type { BuildDecision } from "./build-decision.ts";
import type { BuildFact, EndedJob } from "./build-fact.ts";
import type { BuildOptions } from "./build-options.ts";
import { calledOutputs } from "./called-outputs.ts";
import { type ConcurrencySetting, concurrencySetting } from "./concurrency-setting.ts";
import { createLegs } from "./create-legs.ts";
import { callError, enterCall } from "./enter-call.ts";
import { holderOf, holdersAround, legOfHolder } from "./group-holders.ts";
import { jobAdded, legAdded } from "./job-added.ts";
import { conditionHolds, contextsOf, inheritStatus, skipReason } from "./job-condition.ts";
import { earlyName } from "./job-name.ts";
import { jobSettings, readKey } from "./job-settings.ts";
import type { LoadedWorkflow } from "./load-workflow.ts";
import { messageOf } from "./located-error.ts";
import { mergedOutputs, worstOf } from "./merge-legs.ts";
import { selectJobs } from "./select-jobs.ts";
import { createWorkflowRun, type JobLeg, type JobNode, type WorkflowRun } from "./workflow-run.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

/** What a build is, before anything has happened to it. */
export type BuildDefinition = Pick<
  BuildOptions,
  "spec" | "origin" | "github" | "vars" | "inputs" | "secrets" | "only"
>;

/**
 * Decides what happens next in a build: which job starts, is skipped, is cancelled, and how the build ends. Facts in,
 * decisions out; it knows no clock, disk or network, and the same facts in the same order always give the same
 * decisions, so that a build can be rebuilt from its records. A fact about what has ended already changes nothing.
 *
 * A job moves: blocked (it waits for its needs) → its `if` and its `strategy` are evaluated → skipped, or legs. A leg
 * moves: waiting (`max-parallel`) → group (`concurrency`) → loading (a called workflow) → running → ended. A job ends
 * with its last leg, and with it those that need it become ready; a called workflow ends with its last job.
 *
 * It does not place jobs, retry them, bound how many run at once, or measure time.
 */
export class BuildMachine {
  readonly #definition: BuildDefinition;
  readonly #legs = new Map<string, JobLeg>();
  #top: WorkflowRun | undefined;
  #killed: string | undefined;
  #decisions: BuildDecision[] = [];
  /** Jobs whose needs have ended, and jobs that may begin another leg. Lists, so that no chain of jobs recurses. */
  #ready: JobNode[] = [];
  #refill: JobNode[] = [];

  constructor(definition: BuildDefinition) {
    this.#definition = definition;
  }

  /** Takes a fact in and says what is to be done now, in this order. */
  apply(fact: BuildFact): readonly BuildDecision[] {
    this.#decisions = [];
    this.#take(fact);
    this.#settle();
    return this.#decisions;
  }

  #take(fact: BuildFact): void {
    switch (fact.kind) {
      case "started":
        this.#start();
        break;
      case "group-granted":
        this.#groupGranted(fact.holder);
        break;
      case "group-cancelled":
        this.#groupCancelled(fact.holder, fact.reason);
        break;
      case "workflow-loaded":
        this.#workflowLoaded(fact.job, fact.workflow);
        break;
      case "workflow-failed": {
        const leg = this.#legs.get(fact.job);
        if (leg?.state === "loading") this.#failLeg(leg, callError(leg.node, [fact.message]).message);
        break;
      }
      case "job-ended": {
        const leg = this.#legs.get(fact.job);
        if (leg?.state === "running" && leg.called === undefined) this.#finishLeg(leg, fact);
        break;
      }
      case "cancelled":
        if (this.#top !== undefined) this.#cancelRun(this.#top, fact.reason);
        break;
      case "killed":
        this.#killed ??= fact.reason;
        if (this.#top !== undefined) this.#killRun(this.#top, fact.reason);
        break;
    }
  }

  #settle(): void {
    while (this.#ready.length > 0 || this.#refill.length > 0) {
      const ready = this.#ready;
      const refill = this.#refill;
      this.#ready = [];
      this.#refill = [];
      for (const node of refill) this.#beginLegs(node);
      for (const node of ready) this.#resolve(node);
    }
  }

  // A workflow, the top one or a called one.

  #start(): void {
    const { spec, github, vars, inputs, secrets, only, origin } = this.#definition;
    const scope: WorkflowScope = {
      spec,
      origin: origin ?? { file: spec.file },
      github,
      vars,
      inputs,
      secrets,
      permissions: spec.permissions,
      depth: 1,
    };
    const selected = selectJobs(spec.jobs, only?.jobs);
    const created = createWorkflowRun(scope, selected.jobs, undefined, (job) =>
      earlyName(job, { contexts: contextsOf(scope, {}) }),
    );
    const problems = [...selected.problems, ...created.problems];
    if (created.run === undefined || problems.length > 0) {
      this.#decisions.push({ kind: "finish-build", result: "failure", error: problems.join("\n") });
      return;
    }
    try {
      this.#top = created.run;
      this.#enterRun(created.run);
    } catch (error) {
      this.#top = undefined;
      this.#decisions.push({ kind: "finish-build", result: "failure", error: messageOf(error) });
    }
  }

  /** Adds the jobs of a workflow and begins with them, once its concurrency group lets it. Throws `ExecError`. */
  #enterRun(run: WorkflowRun): void {
    const { scope, caller } = run;
    const setting = runConcurrency(run);
    for (const node of run.jobs) this.#decisions.push({ kind: "add-job", added: jobAdded(node) });
    if (setting === undefined) {
      this.#beginRun(run);
    } else {
      run.state = "group";
      run.holdsGroup = true;
      const within = caller === undefined ? [] : [caller.key, ...holdersAround(caller)];
      this.#acquire(holderOf(run), scope.depth === 1 ? undefined : caller?.key, setting, within);
    }
  }

  #beginRun(run: WorkflowRun): void {
    run.state = "running";
    for (const id of run.frontier.ready) this.#becomeReady(run, id);
    if (run.unfinished === 0) this.#endRun(run);
  }

  #endRun(run: WorkflowRun): void {
    const { caller, cancelled } = run;
    run.state = "ended";
    if (run.holdsGroup) this.#decisions.push({ kind: "release-group", holder: holderOf(run) });
    const outcome = worstOf(run.jobs.map(({ ended }) => ended?.result ?? "skipped"));
    if (caller !== undefined) {
      this.#endCall(caller, run, outcome);
    } else if (cancelled !== undefined) {
      this.#decisions.push({ kind: "finish-build", result: "cancelled", error: cancelled });
    } else {
      this.#decisions.push({ kind: "finish-build", result: outcome === "skipped" ? "success" : outcome });
    }
  }

  #endCall(caller: JobLeg, run: WorkflowRun, outcome: Conclusion): void {
    let outputs: EndedJob["outputs"];
    try {
      outputs = calledOutputs(run);
    } catch (error) {
      this.#failLeg(caller, messageOf(error));
      return;
    }
    this.#finishLeg(caller, { outcome, outputs });
  }

  /** It never got its turn: none of its jobs runs, whatever their conditions. */
  #abandonRun(run: WorkflowRun, reason: string): void {
    for (const node of run.jobs) this.#finishNode(node, { outcome: "cancelled", outputs: {}, reason });
    if (run.jobs.length === 0) this.#endRun(run);
  }

  /** Jobs that run are cancelled, but for those whose `if` still holds; of the others only such will start. */
  #cancelRun(run: WorkflowRun, reason: string): void {
    if (run.cancelled !== undefined || run.state === "ended") return;
    run.cancelled = reason;
    if (run.state === "group") {
      this.#abandonRun(run, reason);
      return;
    }
    for (const node of [...run.active]) {
      if (node.spec.if === undefined || !holdsQuietly(node)) this.#cancelNode(node, reason);
    }
  }

  #killRun(run: WorkflowRun, reason: string): void {
    if (run.state === "ended") return;
    run.cancelled ??= reason;
    if (run.state === "group") {
      this.#abandonRun(run, reason);
      return;
    }
    for (const node of [...run.active]) {
      this.#cancelNode(node, reason);
      for (const leg of node.legs) {
        if (leg.called !== undefined) this.#killRun(leg.called, reason);
        else if (leg.state === "running") this.#decisions.push({ kind: "kill-job", job: leg.key, reason });
      }
    }
  }

  // A job.

  #becomeReady(run: WorkflowRun, id: string): void {
    const node = run.byId.get(id.toLowerCase());
    if (node !== undefined) this.#ready.push(node);
  }

  #resolve(node: JobNode): void {
    if (node.ended !== undefined) return;
    inheritStatus(node);
    try {
      const cancelled = this.#killed ?? node.run.cancelled;
      if (this.#killed === undefined && conditionHolds(node)) this.#expand(node);
      else if (cancelled === undefined) this.#skipNode(node, skipReason(node));
      else this.#finishNode(node, { outcome: "cancelled", outputs: {}, reason: cancelled });
    } catch (error) {
      this.#finishNode(node, { outcome: "failure", outputs: {}, error: messageOf(error) });
    }
  }

  #expand(node: JobNode): void {
    const legs = createLegs(node, this.#definition.only?.matrix);
    if (legs.length === 0) {
      this.#skipNode(node, "no leg of its matrix has the values that were asked for");
      return;
    }
    node.legs = legs;
    node.run.active.add(node);
    for (const leg of legs) {
      this.#legs.set(leg.key, leg);
      if (leg.key !== node.key) this.#decisions.push({ kind: "add-job", added: legAdded(leg) });
    }
    this.#refill.push(node);
  }

  #skipNode(node: JobNode, reason: string): void {
    this.#finishNode(node, { outcome: "skipped", outputs: {}, reason });
  }

  #cancelNode(node: JobNode, reason: string): void {
    if (node.cancelled !== undefined) return;
    node.cancelled = reason;
    node.nextLeg = node.legs.length;
    for (const leg of node.legs) this.#cancelLeg(leg, reason);
  }

  #finishNode(node: JobNode, end: EndedJob & { readonly result?: Conclusion }): void {
    if (node.ended !== undefined) return;
    const { run, spec } = node;
    const { outcome, outputs, result = outcome } = end;
    node.ended = { result, outcome, context: { result, outputs } };
    run.active.delete(node);
    this.#decisions.push({ kind: "finish-job", job: node.key, ...detailsOf(end), result });
    for (const id of run.frontier.end(spec.id)) this.#becomeReady(run, id);
    run.unfinished -= 1;
    if (run.unfinished === 0) this.#endRun(run);
  }

  // A leg of a job.

  #beginLegs(node: JobNode): void {
    while (node.maxParallel === 0 || node.running < node.maxParallel) {
      const leg = node.legs[node.nextLeg];
      if (leg === undefined) return;
      node.nextLeg += 1;
      node.running += 1;
      leg.begun = true;
      this.#beginLeg(leg);
    }
  }

  #beginLeg(leg: JobLeg): void {
    const { spec, run } = leg.node;
    const scope: Scope = { contexts: contextsOf(run.scope, leg.needs, leg) };
    let setting: ConcurrencySetting | undefined;
    try {
      if (spec.kind === "steps") leg.settings = jobSettings(spec, scope, run.scope);
      if (spec.concurrency !== undefined) {
        const { file } = run.scope.spec;
        setting = readKey("concurrency", spec.concurrency, spec.at, file, scope, concurrencySetting);
      }
    } catch (error) {
      this.#failLeg(leg, messageOf(error));
      return;
    }
    if (setting === undefined) {
      this.#proceed(leg);
    } else {
      leg.state = "group";
      leg.holdsGroup = true;
      this.#acquire(leg.key, leg.key, setting, holdersAround(leg));
    }
  }

  #proceed(leg: JobLeg): void {
    const { node, key, name, needs, strategy, matrix, settings } = leg;
    const { spec, run } = node;
    if (spec.kind === "call") {
      leg.state = "loading";
      this.#decisions.push({ kind: "load-workflow", job: key, uses: spec.uses, from: run.scope.origin });
    } else if (settings !== undefined) {
      leg.state = "running";
      const job = {
        key,
        name,
        addedAs: node.name,
        spec,
        workflow: run.scope,
        needs,
        strategy,
        matrix,
        settings,
      };
      this.#decisions.push({ kind: "start-job", job });
    }
  }

  #workflowLoaded(job: string, workflow: LoadedWorkflow): void {
    const leg = this.#legs.get(job);
    if (leg?.state !== "loading") return;
    try {
      leg.called = enterCall(leg, workflow);
      leg.state = "running";
      this.#enterRun(leg.called);
    } catch (error) {
      leg.called = undefined;
      this.#failLeg(leg, messageOf(error));
    }
  }

  #cancelLeg(leg: JobLeg, reason: string): void {
    if (leg.state === "ended") return;
    if (leg.called !== undefined) this.#cancelRun(leg.called, reason);
    else if (leg.state === "running") this.#decisions.push({ kind: "cancel-job", job: leg.key, reason });
    else this.#finishLeg(leg, { outcome: "cancelled", outputs: {}, reason });
  }

  #failLeg(leg: JobLeg, error: string): void {
    this.#finishLeg(leg, { outcome: "failure", outputs: {}, error });
  }

  #finishLeg(leg: JobLeg, ended: EndedJob): void {
    const { node, key } = leg;
    if (leg.state === "ended") return;
    leg.state = "ended";
    leg.outcome = ended.outcome;
    leg.result =
      ended.outcome === "failure" && leg.settings?.continueOnError === true ? "success" : ended.outcome;
    node.endedLegs += 1;
    if (leg.begun) node.running -= 1;
    if (leg.holdsGroup) this.#decisions.push({ kind: "release-group", holder: key });
    if (key === node.key) {
      this.#finishNode(node, { ...ended, result: leg.result });
      return;
    }
    node.outputs = mergedOutputs(node.outputs, ended.outputs);
    this.#decisions.push({ kind: "finish-job", job: key, ...detailsOf(ended), result: leg.result });
    if (leg.result === "failure" && node.failFast) {
      this.#cancelNode(node, `${leg.name} failed, and its matrix is fail-fast`);
    }
    if (node.endedLegs < node.legs.length) this.#refill.push(node);
    else this.#finishNode(node, { ...aggregate(node.legs), outputs: node.outputs });
  }

  // Concurrency groups.

  #acquire(
    holder: string,
    job: string | undefined,
    setting: ConcurrencySetting,
    within: readonly string[],
  ): void {
    const waits = job === undefined ? {} : { job };
    this.#decisions.push({ kind: "acquire-group", holder, ...waits, setting, within });
  }

  #groupGranted(holder: string): void {
    const { run, leg } = this.#holder(holder);
    if (run?.state === "group") this.#beginRun(run);
    if (leg?.state === "group") this.#proceed(leg);
  }

  #groupCancelled(holder: string, reason: string): void {
    const { run, leg } = this.#holder(holder);
    if (run !== undefined) this.#cancelRun(run, reason);
    if (leg !== undefined) this.#cancelLeg(leg, reason);
  }

  #holder(holder: string): { run?: WorkflowRun | undefined; leg?: JobLeg | undefined } {
    const found = legOfHolder(holder);
    if (found === undefined) return { run: this.#top };
    const leg = this.#legs.get(found.key);
    return found.called ? { run: leg?.called } : { leg };
  }
}

function runConcurrency({ scope, caller }: WorkflowRun): ConcurrencySetting | undefined {
  const { concurrency, file } = scope.spec;
  if (concurrency === undefined) return undefined;
  const at = caller?.node.spec.at ?? { line: 1, column: 1 };
  return readKey(
    "concurrency",
    concurrency,
    at,
    file,
    { contexts: contextsOf(scope, {}) },
    concurrencySetting,
  );
}

/** The `if` of a running job after a cancel: one that cannot be evaluated does not save it. */
function holdsQuietly(node: JobNode): boolean {
  try {
    return conditionHolds(node);
  } catch {
    return false;
  }
}

function aggregate(legs: readonly JobLeg[]): { result: Conclusion; outcome: Conclusion } {
  return {
    result: worstOf(legs.map(({ result }) => result)),
    outcome: worstOf(legs.map(({ outcome }) => outcome)),
  };
}

/** A fact carries more than an end does. */
function detailsOf({ outcome, outputs, error, reason, environmentUrl }: EndedJob): EndedJob {
  return {
    outcome,
    outputs,
    ...(error === undefined ? {} : { error }),
    ...(reason === undefined ? {} : { reason }),
    ...(environmentUrl === undefined ? {} : { environmentUrl }),
  };
}
