import { ExecError } from "../../errors.ts";
import { Masker } from "../../runner/output/masker.ts";
import type { RecentPipelines } from "../../spec/recent-pipelines.ts";
import { isFinal } from "../../status.ts";
import type { BuildChange } from "../../store/build-change.ts";
import type { BuildStatus, CarriedJob } from "../../store/build-record.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import type { BuildDecision } from "../build-decision.ts";
import type { BuildFact, EndedJob } from "../build-fact.ts";
import { BuildMachine } from "../build-machine.ts";
import type { LoadWorkflow } from "../load-workflow.ts";
import { messageOf } from "../located-error.ts";
import { placeJob } from "../place-job.ts";
import type { PlannedJob } from "../planned-job.ts";
import { wishedImages } from "../refusal.ts";
import { waitOn } from "../wait-on.ts";
import { rememberingLoader } from "../workflow-loader.ts";
import { armDeadline } from "./build-deadline.ts";
import { type BuildEndCause, buildMoved, buildStatusOf, type FinishBuild } from "./build-end.ts";
import { BuildPublisher } from "./build-publisher.ts";
import { BuildRows } from "./build-rows.ts";
import { BuildTelemetry } from "./build-telemetry.ts";
import { onCancelEvents } from "./cancel-events.ts";
import type { ClaimedRun } from "./claimed-run.ts";
import { decidedRows } from "./decided-rows.ts";
import { encodeFact, type StoredFact } from "./fact-codec.ts";
import { GroupPlaces } from "./group-places.ts";
import { Idleness } from "./idleness.ts";
import { JobRun, type JobRunParts, type LeftJob } from "./job-run.ts";
import { jobRunParts } from "./job-run-parts.ts";
import { Journal } from "./journal.ts";
import { leftJob } from "./left-job.ts";
import { maskFact } from "./mask-fact.ts";
import { OutputLimits } from "./output-limits.ts";
import { Outstanding } from "./outstanding.ts";
import { patientLoader } from "./patient-loader.ts";
import { type PreparedBuild, prepareBuild, type SoundPipeline } from "./prepare-build.ts";
import { type BuildRecords, readBuild } from "./read-build.ts";
import { replayFacts } from "./replay-facts.ts";
import type { RunParts } from "./run-parts.ts";
import { SlotQueue } from "./slot-queue.ts";
import type { Patience } from "./until-reached.ts";

type Decision<K extends BuildDecision["kind"]> = Extract<BuildDecision, { kind: K }>;

interface ToldFact extends StoredFact {
  /** What is recorded with it, before what follows from it. */
  readonly with?: readonly BuildChange[];
  readonly onRecorded?: () => void;
}

/**
 * Runs one claimed build: brings the machine its facts, records each with the rows that follow from it, and only then
 * carries out what was decided. Whatever is in the records is thus enough for another worker to go on from.
 */
export class BuildConductor implements ClaimedRun {
  readonly ended: Promise<"finished" | "abandoned">;
  readonly #claim: ClaimedBuild;
  readonly #parts: RunParts;
  readonly #pipelines: RecentPipelines<SoundPipeline>;
  readonly #masker = new Masker();
  readonly #stop = new AbortController();
  readonly #loading = new AbortController();
  readonly #patience: Patience;
  readonly #journal: Journal;
  readonly #rows: BuildRows;
  readonly #publisher: BuildPublisher;
  readonly #telemetry: BuildTelemetry;
  readonly #limits = new OutputLimits();
  readonly #live = new Map<string, JobRun>();
  readonly #cleanup: (() => void)[] = [];
  readonly #end = Promise.withResolvers<"finished" | "abandoned">();
  readonly #idleness = new Idleness(this.#live);
  #machine: BuildMachine | undefined;
  #groups: GroupPlaces | undefined;
  #slots: SlotQueue | undefined;
  #jobParts: JobRunParts | undefined;
  #load: LoadWorkflow = rememberingLoader(undefined);
  #carried: ReadonlyMap<string, CarriedJob> = new Map();
  #factSeq = 0;
  /** A cancel that was told to the machine, or waits for it to be there. */
  #cancelled: { readonly reason: string; readonly told: boolean } | undefined;
  #timedOut = false;
  #warnedOfImages = false;
  /** Its end is decided, and on its way into the records. */
  #ending = false;
  #over = false;

  constructor(claim: ClaimedBuild, parts: RunParts, pipelines: RecentPipelines<SoundPipeline>) {
    const { build, lease } = claim;
    const { store, clock, logger } = parts;
    this.#claim = claim;
    this.#parts = parts;
    this.#pipelines = pipelines;
    this.ended = this.#end.promise;
    this.#rows = new BuildRows(build.id);
    this.#publisher = new BuildPublisher(build, parts.events);
    this.#patience = {
      clock,
      signal: this.#stop.signal,
      onWait: (error) =>
        logger.warn({ buildId: build.id }, `The records cannot be reached, a build waits: ${error.message}`),
    };
    this.#telemetry = new BuildTelemetry(build, parts, clock.now(), this.#mask);
    this.#journal = new Journal({
      clock,
      advance: (changes) => store.builds.advance(lease, changes),
      patience: this.#patience,
      mask: this.#mask,
      onWritten: (changes, version) => this.#publisher.publish(changes, version),
      onLost: (error) => this.#lose(error),
    });
  }

  /** Called once. */
  start(): void {
    this.#run().catch((error: unknown) => this.#fail(error));
  }

  cancel(reason: string): void {
    if (this.#cancelled !== undefined || this.#ending || this.#over) return;
    const told = this.#machine !== undefined;
    this.#cancelled = { reason, told };
    if (told) this.#tell({ fact: { kind: "cancelled", reason } });
  }

  onIdle(listener: (idle: boolean) => void): void {
    this.#idleness.onChange(listener);
  }

  async abandon(): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      this.#stopAll();
      await Promise.all([this.#journal.stop(), ...[...this.#live.values()].map((job) => job.abandon())]);
      this.#telemetry.abandoned(this.#parts.clock.now());
      this.#end.resolve("abandoned");
    }
    await this.ended;
  }

  readonly #mask = (text: string): string => this.#masker.text(text);

  async #run(): Promise<void> {
    const { build, resumed } = this.#claim;
    this.#cleanup.push(onCancelEvents(this.#parts.events, build.id, (reason) => this.cancel(reason)));
    if (!resumed) this.#telemetry.queued(build);
    const records = await readBuild(this.#claim, this.#parts, this.#patience);
    if (this.#over) return;
    for (const value of Object.values(records.secrets)) this.#masker.add(value);
    this.#rows.restore(records.jobs);
    this.#publisher.know(records.jobs, records.steps);
    const prepared = prepareBuild(build, records.snapshot, records.secrets, (file) =>
      this.#pipelines.of(file),
    );
    this.#carried = new Map((records.snapshot.carried ?? []).map((job) => [job.key, job]));
    this.#prepare(records, prepared);
    const machine = new BuildMachine(prepared.definition);
    if (records.facts.length === 0) this.#begin(machine, prepared);
    else this.#resume(machine, records);
    const wish = build.cancelReason;
    if (wish !== undefined) this.cancel(wish);
    if (this.#cancelled?.told === false) {
      const { reason } = this.#cancelled;
      this.#cancelled = { reason, told: true };
      this.#tell({ fact: { kind: "cancelled", reason } });
    }
  }

  #prepare(records: BuildRecords, prepared: PreparedBuild): void {
    const { build, lease } = this.#claim;
    const { store, events, clock, limits } = this.#parts;
    const { settings } = records.project;
    const shared = { events, clock, patience: this.#patience, lease, projectId: build.projectId };
    this.#slots = new SlotQueue({
      ...shared,
      slots: store.slots,
      maxJobs: limits.maxJobs,
      maxJobsOfProject: settings.maxJobs ?? limits.maxJobsPerProject,
    });
    this.#groups = new GroupPlaces({
      ...shared,
      groups: store.groups,
      onGranted: (holder) => {
        this.#idleness.leftGroup(holder);
        this.#tell({ fact: { kind: "group-granted", holder } });
      },
      onCancelled: (holder, reason) => {
        this.#idleness.leftGroup(holder);
        this.#tell({ fact: { kind: "group-cancelled", holder, reason } });
      },
      onWaiting: ({ job, holder, setting }) => {
        this.#idleness.waitsInGroup(holder);
        const reason = `it waits for the concurrency group '${setting.group}'`;
        // The build as a whole has no job yet that could say so.
        if (job === undefined) this.#warn(`Before its jobs begin ${reason}.`);
        else this.#journal.note(this.#rows.change(job, clock.now(), { reason }));
      },
      onFailure: (error) => this.#refused(error),
    });
    this.#jobParts = jobRunParts({
      build,
      run: this.#parts,
      prepared,
      secrets: records.secrets,
      retries: settings.infrastructureRetries,
      rows: this.#rows,
      journal: this.#journal,
      masker: this.#masker,
      slots: this.#slots,
      telemetry: this.#telemetry,
      patience: this.#patience,
      lease,
      onUnusedImage: (job) => this.#warnOfImages(job),
      onWarning: (warning) => this.#warn(warning),
      onReview: () => this.#idleness.look(),
    });
    this.#load = rememberingLoader(
      patientLoader(this.#parts.loadWorkflow(build), this.#parts.infrastructureRetry, waitOn(clock)),
    );
    this.#cleanup.push(
      armDeadline(clock, build.startedAt ?? clock.now(), settings.maxBuildMinutes ?? limits.maxBuildMinutes, {
        cancel: () => this.#timeOut(settings.maxBuildMinutes ?? limits.maxBuildMinutes),
        kill: () => this.#tell({ fact: { kind: "killed", reason: "The build took too long." } }),
      }),
    );
  }

  #begin(machine: BuildMachine, { title, workflow, warnings }: PreparedBuild): void {
    const { build } = this.#claim;
    this.#machine = machine;
    const described: BuildChange[] = [];
    if (title !== build.title || workflow !== build.workflow) {
      described.push({ kind: "build-described", title, workflow });
    }
    for (const warning of warnings) described.push({ kind: "build-described", warning });
    this.#tell({ fact: { kind: "started" }, with: described });
  }

  #resume(machine: BuildMachine, records: BuildRecords): void {
    const outstanding = new Outstanding();
    const { cancelled, timedOut, lastSeq } = replayFacts(machine, records.facts, outstanding, this.#limits);
    this.#machine = machine;
    this.#factSeq = lastSeq;
    this.#timedOut = timedOut;
    if (cancelled !== undefined) this.#cancelled = { reason: cancelled, told: true };
    if (outstanding.end !== undefined) {
      this.#moveBuild(outstanding.end);
      return;
    }
    if (outstanding.isEmpty)
      throw new ExecError("Permanent", "What has happened to this build leads nowhere.");
    for (const [holder, { asked, granted }] of outstanding.groups) {
      if (granted) this.#groups?.keep(holder);
      else this.#carryOut(asked, false);
    }
    this.#groups?.leaveOthers();
    for (const decision of outstanding.loads.values()) this.#carryOut(decision, false);
    for (const { decision, stop } of outstanding.jobs.values()) {
      this.#startJob(decision.job, leftJob(this.#rows.get(decision.job.key), records.steps));
      if (stop !== undefined) this.#carryOut(stop, false);
    }
  }

  // Facts, and what follows from them.

  #tell({ fact: raw, timedOut, with: before = [], onRecorded }: ToldFact): void {
    const machine = this.#machine;
    if (this.#over || this.#ending || machine === undefined) return;
    try {
      const at = this.#parts.clock.now();
      const fact = maskFact(raw, this.#mask);
      const decisions = machine.apply(fact);
      this.#factSeq += 1;
      const json = encodeFact({ fact, ...(timedOut === true ? { timedOut } : {}) });
      const changes: BuildChange[] = [
        ...before,
        { kind: "fact", seq: this.#factSeq, fact: json },
        ...this.#rowsOf(decisions, at),
      ];
      const ends = decisions.some(({ kind }) => kind === "finish-build");
      this.#ending = ends;
      this.#journal.write(changes, () => {
        onRecorded?.();
        for (const decision of decisions) this.#carryOut(decision, ends);
        this.#idleness.look();
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  #rowsOf(decisions: readonly BuildDecision[], at: number): BuildChange[] {
    return decidedRows(decisions, at, {
      rows: this.#rows,
      carried: this.#carried,
      startsAtOnce: (job) => this.#startsAtOnce(job),
      isLost: (job) => this.#live.get(job)?.infrastructureFailure === true,
      cause: this.#cause,
    });
  }

  get #cause(): BuildEndCause {
    return { timedOut: this.#timedOut, cancelReason: this.#cancelled?.reason };
  }

  #carryOut(decision: BuildDecision, ends: boolean): void {
    if (this.#over) return;
    switch (decision.kind) {
      case "add-job":
        break;
      case "acquire-group":
        if (this.#carried.has(decision.holder)) {
          this.#tell({ fact: { kind: "group-granted", holder: decision.holder } });
        } else {
          this.#groups?.acquire(decision);
        }
        break;
      case "release-group":
        this.#idleness.leftGroup(decision.holder);
        this.#groups?.release(decision.holder);
        break;
      case "load-workflow":
        void this.#loadWorkflow(decision);
        break;
      case "start-job":
        this.#startJob(decision.job);
        break;
      case "cancel-job":
        this.#live.get(decision.job)?.cancel(decision.reason);
        break;
      case "kill-job":
        this.#live.get(decision.job)?.kill(decision.reason);
        break;
      case "finish-job":
        this.#live.delete(decision.job);
        if (this.#rows.get(decision.job)?.kind === "job") this.#telemetry.jobEnded(decision.outcome);
        // An ended build holds no slot.
        if (!ends) this.#slots?.give(decision.job).catch((error: unknown) => this.#refused(error));
        break;
      case "finish-build":
        void this.#finish(buildStatusOf(decision, this.#timedOut));
        break;
    }
  }

  #startsAtOnce(job: PlannedJob): boolean {
    return (
      job.settings.environment === undefined &&
      !this.#carried.has(job.key) &&
      this.#endWithoutPlace(job) === undefined
    );
  }

  #startJob(job: PlannedJob, left?: LeftJob): void {
    const parts = this.#jobParts;
    if (parts === undefined) return;
    const carried = this.#carried.get(job.key);
    const end = carried ?? this.#endWithoutPlace(job);
    if (end !== undefined && left?.runner === undefined) {
      const { outcome, outputs, error, reason } = end as EndedJob;
      const why = { ...(error === undefined ? {} : { error }), ...(reason === undefined ? {} : { reason }) };
      this.#tell({ fact: { kind: "job-ended", job: job.key, outcome, outputs, ...why } });
      return;
    }
    const run = new JobRun(job, parts, left);
    this.#live.set(job.key, run);
    void run.run().then((ended) => this.#jobEnded(job.key, run, ended));
  }

  #jobEnded(key: string, run: JobRun, ended: EndedJob): void {
    if (this.#over) return;
    const end = this.#limits.take(ended);
    const { changes, onRecorded } = run.settle(end);
    this.#tell({ fact: { kind: "job-ended", job: key, ...end }, with: changes, onRecorded });
  }

  #endWithoutPlace(job: PlannedJob): EndedJob | undefined {
    try {
      const placed = placeJob(job, this.#parts, () => {});
      return "end" in placed ? placed.end : undefined;
    } catch (error) {
      return { outcome: "failure", outputs: {}, error: messageOf(error) };
    }
  }

  async #loadWorkflow({ job, uses, from }: Decision<"load-workflow">): Promise<void> {
    let fact: BuildFact;
    try {
      const read = () => this.#load(uses, from, this.#loading.signal);
      fact = { kind: "workflow-loaded", job, workflow: await this.#idleness.whileReading(read) };
    } catch (error) {
      fact = { kind: "workflow-failed", job, message: messageOf(error) };
    }
    this.#tell({ fact });
  }

  #timeOut(minutes: number): void {
    if (this.#cancelled !== undefined || this.#ending || this.#over) return;
    const reason = `The build has exceeded the maximum execution time of ${minutes} minutes.`;
    this.#cancelled = { reason, told: true };
    this.#timedOut = true;
    this.#tell({ fact: { kind: "cancelled", reason }, timedOut: true });
  }

  // The build as a whole.

  #moveBuild(decision: FinishBuild): void {
    const changes = [buildMoved(decision, this.#cause, this.#parts.clock.now())];
    this.#journal.write(changes, () => this.#carryOut(decision, true));
  }

  /** It cannot be run, or not on: a mistake in what it runs from, or one of ours. Nothing of it goes on. */
  #fail(error: unknown): void {
    if (this.#over) return;
    const { build } = this.#claim;
    const code = error instanceof ExecError ? error.code : "Permanent";
    if (code === "Conflict") {
      this.#lose(error);
      return;
    }
    if (this.#ending) return;
    this.#ending = true;
    const at = this.#parts.clock.now();
    const message = messageOf(error);
    this.#parts.logger.error({ buildId: build.id, code }, `A build cannot be run: ${this.#mask(message)}`);
    const left = [...this.#live.values()].map((job) => job.settle({ outcome: "cancelled", outputs: {} }));
    for (const job of this.#live.values()) job.kill("the build failed");
    const open = this.#rows.latest.filter(({ status }) => !isFinal(status));
    const changes: BuildChange[] = [
      ...left.flatMap((ended) => ended.changes),
      ...open.flatMap(({ key }) => this.#rows.move(key, "cancelled", at, { reason: "the build failed" })),
      { kind: "build-moved", to: "failed", at, error: message, errorCode: code },
    ];
    this.#journal.write(changes, () => {
      for (const { onRecorded } of left) onRecorded();
      void this.#finish("failed");
    });
  }

  async #finish(status: BuildStatus): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const at = this.#parts.clock.now();
    this.#telemetry.ended(status, at);
    for (const stop of this.#cleanup) stop();
    this.#idleness.end();
    this.#loading.abort("ended");
    void this.#journal.stop();
    this.#slots?.stop();
    this.#slots?.freed();
    await this.#groups?.close();
    this.#end.resolve("finished");
  }

  #refused(error: unknown): void {
    if (this.#over) return;
    if (error instanceof ExecError && error.code === "Conflict") this.#lose(error);
    else this.#fail(error);
  }

  #lose(error: unknown): void {
    if (this.#over) return;
    const { id: buildId } = this.#claim.build;
    this.#parts.logger.warn({ buildId }, `A build is no more this worker's: ${this.#mask(messageOf(error))}`);
    void this.abandon();
  }

  #stopAll(): void {
    for (const stop of this.#cleanup) stop();
    this.#idleness.end();
    this.#loading.abort("abandoned");
    this.#slots?.stop();
    this.#stop.abort(new ExecError("Cancelled", "This worker no longer runs the build."));
    this.#groups?.stop();
  }

  #warn(warning: string): void {
    this.#journal.note([{ kind: "build-described", warning }]);
  }

  /** Once a build, naming all of them. */
  #warnOfImages({ workflow }: PlannedJob): void {
    if (this.#warnedOfImages) return;
    this.#warnedOfImages = true;
    this.#warn(
      `Images are not used here, the commands run on this machine: ${wishedImages(workflow).join(", ")}`,
    );
  }
}
