import type { Json } from "../json.ts";
import { AttemptEvents } from "./attempt-events.ts";
import { type BuildContext, buildContext, buildTitle, workflowName } from "./build-context.ts";
import type { BuildDecision, FinishedJob, JobAdded } from "./build-decision.ts";
import type { BuildEventBody } from "./build-event.ts";
import type { BuildFact } from "./build-fact.ts";
import { BuildMachine } from "./build-machine.ts";
import type { BuildEnd, BuildJobEnd, BuildOptions } from "./build-options.ts";
import { ConcurrencyGroups, type GroupPlace } from "./concurrency-groups.ts";
import { EventWriter } from "./event-writer.ts";
import { JobAttempts } from "./job-attempts.ts";
import { JobSlots } from "./job-slots.ts";
import { JobTimes } from "./job-times.ts";
import type { LoadWorkflow } from "./load-workflow.ts";
import { messageOf } from "./located-error.ts";
import type { PlannedJob } from "./planned-job.ts";
import { wishedImages } from "./refusal.ts";
import { rememberingLoader } from "./workflow-loader.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

type Decision<K extends BuildDecision["kind"]> = Extract<BuildDecision, { kind: K }>;

/** A job that waits for a slot or runs. */
interface LiveJob {
  readonly attempts: JobAttempts;
  waiting: boolean;
  leaveSlot: () => void;
}

/** In `JobTimes`, which no job is called. */
const BUILD = "";

/** One run of `runBuild`: carries out what the machine decides, and brings it the facts. */
export class BuildRun {
  readonly #options: BuildOptions;
  readonly #context: BuildContext;
  readonly #machine: BuildMachine;
  readonly #writer: EventWriter;
  readonly #times: JobTimes;
  readonly #slots: JobSlots;
  readonly #groups: ConcurrencyGroups;
  readonly #load: LoadWorkflow;
  readonly #loading = new AbortController();
  readonly #places = new Map<string, GroupPlace>();
  readonly #live = new Map<string, LiveJob>();
  readonly #added = new Map<string, JobAdded>();
  readonly #ends = new Map<string, FinishedJob>();
  readonly #done = Promise.withResolvers<Pick<BuildEnd, "result" | "error">>();
  /** Facts that came while another was being dealt with. */
  readonly #facts: BuildFact[] = [];
  #busy = false;
  #warnedOfImages = false;
  #sinkError: { readonly error: unknown } | undefined;

  constructor(options: BuildOptions) {
    this.#options = options;
    this.#context = buildContext(options);
    const { github, secrets } = this.#context;
    this.#machine = new BuildMachine({ ...options, github, secrets });
    this.#times = new JobTimes(() => options.clock.monotonic());
    this.#slots = new JobSlots(options.maxJobs ?? Number.POSITIVE_INFINITY);
    this.#groups = options.concurrency ?? new ConcurrencyGroups();
    this.#load = rememberingLoader(options.loadWorkflow);
    this.#writer = new EventWriter({
      buildId: options.buildId,
      sink: options.sink,
      now: () => options.clock.now(),
      onFailure: (error) => {
        this.#sinkError = { error };
        this.#tell({ kind: "killed", reason: "The build's events could not be handed on." });
      },
    });
  }

  async run(): Promise<BuildEnd> {
    const { signal, kill } = this.#options;
    this.#times.start(BUILD);
    const cancel = () => this.#tell({ kind: "cancelled", reason: "The build was cancelled." });
    const end = () => this.#tell({ kind: "killed", reason: "The build was cancelled." });
    signal?.addEventListener("abort", cancel);
    kill?.addEventListener("abort", end);
    try {
      this.#sayStarted();
      this.#tell({ kind: "started" });
      if (signal?.aborted) cancel();
      if (kill?.aborted) end();
      const { result, error } = await this.#done.promise;
      const why = error === undefined ? {} : { error };
      this.#say({ type: "build.finished", result, ...why, durationMs: this.#times.sinceStart(BUILD) });
      await this.#writer.settled();
      if (this.#sinkError !== undefined) throw this.#sinkError.error;
      return { result, ...why, jobs: this.#jobEnds() };
    } finally {
      signal?.removeEventListener("abort", cancel);
      kill?.removeEventListener("abort", end);
      this.#loading.abort();
    }
  }

  #tell(fact: BuildFact): void {
    this.#facts.push(fact);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#facts.shift(); next !== undefined; next = this.#facts.shift()) {
        for (const decision of this.#machine.apply(next)) this.#carryOut(decision);
      }
    } catch (error) {
      // Nothing of this can fail but by a mistake of ours: then nothing may go on behind the back of the caller.
      for (const { attempts } of this.#live.values()) attempts.kill(messageOf(error));
      this.#done.reject(error);
    } finally {
      this.#busy = false;
    }
  }

  #carryOut(decision: BuildDecision): void {
    switch (decision.kind) {
      case "add-job":
        this.#addJob(decision.added);
        break;
      case "acquire-group":
        this.#acquireGroup(decision);
        break;
      case "release-group":
        this.#places.get(decision.holder)?.release();
        this.#places.delete(decision.holder);
        break;
      case "load-workflow":
        void this.#loadWorkflow(decision);
        break;
      case "start-job":
        this.#startJob(decision.job);
        break;
      case "cancel-job":
        this.#cancelJob(decision.job, decision.reason, (attempts) => attempts.cancel(decision.reason));
        break;
      case "kill-job":
        this.#cancelJob(decision.job, decision.reason, (attempts) => attempts.kill(decision.reason));
        break;
      case "finish-job":
        this.#finishJob(decision);
        break;
      case "finish-build":
        this.#done.resolve(decision);
        break;
    }
  }

  #sayStarted(): void {
    const { spec, vars, inputs } = this.#options;
    const { github } = this.#context;
    const { title, problem } = buildTitle(spec, { github, vars, inputs });
    this.#say({
      type: "build.started",
      file: spec.file,
      workflow: workflowName(spec),
      title,
      event: textOf(github.event_name),
      ref: textOf(github.ref),
      sha: textOf(github.sha),
    });
    if (problem !== undefined) this.#say({ type: "warning", message: problem });
  }

  #addJob(added: JobAdded): void {
    this.#added.set(added.job, added);
    this.#times.add(added.job, added.legOf ?? added.parent);
    this.#say({ type: "job.added", ...added });
  }

  #acquireGroup({ holder, job, setting, within }: Decision<"acquire-group">): void {
    const { buildId } = this.#options;
    const global = (key: string) => `${buildId}/${key}`;
    let answered = false;
    const place = this.#groups.request({
      setting,
      holder: global(holder),
      within: within.map(global),
      onGranted: () => {
        answered = true;
        this.#tell({ kind: "group-granted", holder });
      },
      onCancelled: (reason) => {
        answered = true;
        this.#tell({ kind: "group-cancelled", holder, reason });
      },
    });
    this.#places.set(holder, place);
    if (answered) return;
    const reason = `it waits for the concurrency group '${setting.group}'`;
    this.#say(job === undefined ? { type: "build.waiting", reason } : { type: "job.waiting", job, reason });
  }

  async #loadWorkflow({ job, uses, from }: Decision<"load-workflow">): Promise<void> {
    try {
      const workflow = await this.#load(uses, from, this.#loading.signal);
      this.#tell({ kind: "workflow-loaded", job, workflow });
    } catch (error) {
      this.#tell({ kind: "workflow-failed", job, message: messageOf(error) });
    }
  }

  #startJob(job: PlannedJob): void {
    const attempts = new JobAttempts({
      build: this.#options,
      job,
      token: this.#context.token,
      listener: new AttemptEvents(job, this.#writer, () => this.#warnOfImages(job.workflow)),
    });
    const live: LiveJob = { attempts, waiting: true, leaveSlot: () => {} };
    this.#live.set(job.key, live);
    live.leaveSlot = this.#slots.take(() => {
      live.waiting = false;
      this.#times.start(job.key);
      void this.#runJob(job, live);
    });
  }

  async #runJob(job: PlannedJob, live: LiveJob): Promise<void> {
    const end = await live.attempts.run();
    await live.attempts.release();
    live.leaveSlot();
    this.#live.delete(job.key);
    this.#tell({ kind: "job-ended", job: job.key, ...end });
  }

  #cancelJob(key: string, reason: string, stop: (attempts: JobAttempts) => void): void {
    const live = this.#live.get(key);
    if (live === undefined) return;
    if (!live.waiting) {
      stop(live.attempts);
      return;
    }
    live.leaveSlot();
    this.#live.delete(key);
    this.#tell({ kind: "job-ended", job: key, outcome: "cancelled", outputs: {}, reason });
  }

  #finishJob({ kind: _kind, ...end }: Decision<"finish-job">): void {
    this.#ends.set(end.job, end);
    this.#say({ type: "job.finished", ...end, durationMs: this.#times.sinceStart(end.job) });
  }

  /** Once a build, naming all of them. */
  #warnOfImages(workflow: WorkflowScope): void {
    if (this.#warnedOfImages) return;
    this.#warnedOfImages = true;
    const images = wishedImages(workflow).join(", ");
    this.#say({
      type: "warning",
      message: `Images are not used here, the commands run on this machine: ${images}`,
    });
  }

  #jobEnds(): readonly BuildJobEnd[] {
    return [...this.#added.values()].flatMap(({ job, name, kind }): BuildJobEnd[] => {
      const end = this.#ends.get(job);
      if (end === undefined) return [];
      return [{ key: job, name, kind, result: end.result, outcome: end.outcome, outputs: end.outputs }];
    });
  }

  /** What steps print waits for the sink; the build's own few words do not. */
  #say(body: BuildEventBody): void {
    void this.#writer.write(body);
  }
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
