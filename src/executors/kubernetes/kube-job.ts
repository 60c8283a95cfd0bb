import type { Event } from "kubernetes-types/core/v1.js";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { JobFinishedFrame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import { TOLD_TO_END } from "../container/container-process.ts";
import type { JobAttemptName, JobEnd, NoteSink, RunningJob } from "../executor.ts";
import type { RunnerMailbox } from "../push/runner-mailbox.ts";
import { diagnosePod, type PodDiagnosis } from "./diagnose-pod.ts";
import { EventLooks } from "./event-looks.ts";
import { JobFrames } from "./job-frames.ts";
import { MAIN_CONTAINER } from "./job-manifest.ts";
import { requestSecret } from "./job-names.ts";
import type { JobRemains } from "./job-remains.ts";
import type { JobTerms } from "./job-terms.ts";
import type { KubeClient } from "./kube-client.ts";
import type { NamespaceWatch, PodSight } from "./namespace-watch.ts";
import { eventNotes, eventProblem, withoutComingSecret } from "./pod-events.ts";
import { type PodProblem, problemError } from "./pod-problem.ts";
import { parseTerminationLog } from "./termination-log.ts";
import { pause } from "./wait.ts";
import { isExplained, whyGone } from "./why-gone.ts";

export interface KubeJobParts {
  readonly client: KubeClient;
  readonly watch: NamespaceWatch;
  readonly mailbox: RunnerMailbox;
  readonly remains: JobRemains;
  readonly clock: Clock;
}

export interface KubeJobFacts {
  readonly name: JobAttemptName;
  readonly terms: JobTerms;
  readonly namespace: string;
  readonly jobName: string;
  readonly jobUid: string;
  readonly afterSeq: number;
  readonly sink: FrameSink;
  readonly note: NoteSink;
}

/** Frames of a runner that has ended may still be on their way from the server's records for so long. */
const LAST_FRAMES_MS = 2_000;
/** Without any sign of a runner: a job is lost with its pod. */
const LAST_FRAMES_OF_LOST_MS = 500;
/** A runner that was told to end may say so before the cluster says why. */
const UNEXPLAINED_MS = 5_000;
/** A runner on a node that the cluster does not see counts as gone when nothing came from it for so long. */
const SILENT_MS = 30_000;
/** So long a runner may take to end everything by itself before its pod is taken away. */
const KILL_MS = 3_000;
/** Beyond the job's own budget for a cancel. */
const CANCEL_MARGIN_MS = 60_000;
/** Taking away goes on behind an end, or a release, that it would hold up for longer. */
const CLEAN_UP_MS = 2_000;
/** Of services, when their job has ended. */
const SERVICES_END_S = 5;
/** A Job without a pod is looked at after so long, and then as often: it may be over, or gone. */
const JOB_LOOKS_MS = 5_000;
const OVER: ReadonlySet<string> = new Set(["Failed", "Complete", "FailureTarget", "SuccessCriteriaMet"]);
/** A Secret that is not there for so long is missed. */
const SECRET_COMES_MS = 15_000;
const LAST_LOG = { tailLines: 2_000, limitBytes: 1024 * 1024 };

/**
 * One job in its pod, from the moment its Job exists. Everything that happens (the pod's state, frames, events, a cancel, the
 * time) only wakes one loop, which looks at the whole and decides; so the order in which things are heard of does not matter.
 */
export class KubeJob implements RunningJob {
  readonly ref: string;
  readonly ended: Promise<JobEnd>;
  readonly #parts: KubeJobParts;
  readonly #facts: KubeJobFacts;
  readonly #over = new AbortController();
  readonly #frames: JobFrames;
  readonly #looks: EventLooks;
  readonly #said = new Set<string>();
  /** Since when each trouble lasts, by its key. */
  readonly #troubles = new Map<string, number>();
  #sight: PodSight = { pod: undefined, deleted: false };
  #events: readonly Event[] = [];
  #wake = Promise.withResolvers<void>();
  #alarm: (() => void) | undefined;
  #cancel: { readonly reason: string; readonly at: number; told: boolean } | undefined;
  #killedAt: number | undefined;
  #podGoneAt: number | undefined;
  #shown = false;
  readonly #since: number;
  #jobLookAt: number;
  /** After its end: its Job and its mailbox are still there, and tell of it. */
  #keeps = false;
  #unstarted = false;
  #released: Promise<void> | undefined;

  constructor(parts: KubeJobParts, facts: KubeJobFacts) {
    this.#parts = parts;
    this.#facts = facts;
    const { clock, watch, mailbox } = parts;
    this.#since = clock.monotonic();
    this.#jobLookAt = this.#since + JOB_LOOKS_MS;
    const { namespace, jobName, name, afterSeq, sink } = facts;
    this.ref = `${namespace}/${jobName}`;
    const { signal } = this.#over;
    this.#looks = new EventLooks({
      client: parts.client,
      namespace,
      clock,
      signal,
      onEvents: (events) => {
        const isNew = clock.monotonic() - this.#since < SECRET_COMES_MS;
        this.#events = isNew ? withoutComingSecret(events, requestSecret(jobName)) : events;
        for (const note of eventNotes(this.#events)) this.#say(note);
        this.#stir();
      },
    });
    this.#looks.moved(facts.jobUid);
    const leave = watch.subscribe(jobName, (sight, problem) => {
      if (problem !== undefined) this.#say(`Kubernetes: ${problem.message} The job goes on.`);
      this.#see(sight);
    });
    signal.addEventListener("abort", leave, { once: true });
    this.#frames = new JobFrames({
      mailbox,
      name,
      afterSeq,
      sink,
      clock,
      signal,
      believes: (final) => this.#believes(final),
      changed: () => this.#stir(),
    });
    this.ended = this.#run();
  }

  cancel(reason: string): void {
    this.#cancel ??= { reason, at: this.#parts.clock.monotonic(), told: false };
    this.#stir();
  }

  kill(): void {
    this.#killedAt ??= this.#parts.clock.monotonic();
    this.#stir();
  }

  /** See `RunningJob`. What cannot be taken away now is swept later. */
  release(): Promise<void> {
    this.#released ??= this.ended.then(async () => {
      if (this.#keeps) await this.#takeAway();
    });
    return this.#released;
  }

  async #run(): Promise<JobEnd> {
    let end: JobEnd | undefined;
    try {
      while (end === undefined) {
        const woken = this.#wake.promise;
        end = await this.#decide();
        if (end === undefined) await woken;
      }
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      end = {
        kind: "lost",
        error: cause instanceof ExecError ? cause : new ExecError("Permanent", message, { cause }),
      };
    }
    this.#over.abort();
    this.#alarm?.();
    // Whoever attaches before the release hears a reported end again. One of a job that never ran must not begin after it.
    this.#keeps = end.kind === "reported" && !this.#unstarted;
    await (this.#keeps ? this.#endServices() : this.#takeAway());
    return end;
  }

  /** Looks at everything that is known; undefined: nothing ends the job yet. */
  async #decide(): Promise<JobEnd | undefined> {
    const { final, failure, refused } = this.#frames;
    if (final !== undefined) return { kind: "reported", final };
    if (failure !== undefined) return lost(failure);
    const { pod, deleted } = this.#sight;
    if (this.#killedAt !== undefined) return await this.#killed();
    if (pod === undefined) return await this.#withoutPod();
    const diagnosis = diagnosePod(pod, this.#facts.terms);
    for (const note of diagnosis.notes) this.#say(note);
    if (refused || deleted) return await this.#gone(diagnosis, refused);
    switch (diagnosis.state) {
      case "pending":
        if (this.#cancel !== undefined && !this.#frames.heard) return this.#cancelledUnstarted();
        await this.#tellCancel();
        return await this.#inTrouble(
          diagnosis.problem ?? eventProblem(this.#events, this.#facts.terms.unschedulableTimeoutMs),
        );
      case "running":
        await this.#showHead(pod.metadata?.uid);
        await this.#tellCancel();
        return (await this.#inTrouble(diagnosis.problem)) ?? this.#overdue();
      case "ended":
        return await this.#endedByItself(diagnosis);
      case "lost":
        return await this.#afterFrames(LAST_FRAMES_OF_LOST_MS, () => this.#lostBy(diagnosis.problem));
    }
  }

  /** The Job is there, its pod is not yet; or neither is there any more. */
  async #withoutPod(): Promise<JobEnd | undefined> {
    if (this.#cancel !== undefined && !this.#frames.heard) return this.#cancelledUnstarted();
    await this.#tellCancel();
    const { clock } = this.#parts;
    const left = this.#jobLookAt - clock.monotonic();
    if (left > 0) this.#wakeIn(left);
    else {
      this.#jobLookAt = clock.monotonic() + JOB_LOOKS_MS;
      this.#wakeIn(JOB_LOOKS_MS);
      if (await this.#jobIsOver()) {
        const { pod } = await this.#parts.watch.look(this.#facts.jobName);
        if (pod === undefined)
          return await this.#afterFrames(LAST_FRAMES_MS, async () => lost(await this.#whyGone()));
      }
    }
    return await this.#inTrouble(eventProblem(this.#events, this.#facts.terms.unschedulableTimeoutMs));
  }

  /** Tells trouble once, and gives a job up whose trouble lasts. */
  async #inTrouble(problem: PodProblem | undefined): Promise<JobEnd | undefined> {
    const { clock, mailbox } = this.#parts;
    if (problem === undefined) {
      this.#troubles.clear();
      return undefined;
    }
    const { key, patienceMs, message, unlessHeard } = problem;
    this.#say(`Kubernetes: ${message}`, key);
    // What is over by itself, in the end, is told by the pod's last state: until then the runner may still report.
    if (this.#isDisruption(problem) && unlessHeard === undefined) return undefined;
    const since = this.#troubles.get(key) ?? clock.monotonic();
    this.#troubles.set(key, since);
    let left = since + patienceMs - clock.monotonic();
    if (unlessHeard === true) {
      const heardAt = await mailbox.lastHeard(this.#facts.name).catch(() => undefined);
      left = Math.max(left, heardAt === undefined ? 0 : heardAt + SILENT_MS - clock.now());
    }
    if (left <= 0) return lost(problemError(problem));
    if (Number.isFinite(left)) this.#wakeIn(left);
    return undefined;
  }

  /** A pod that is being ended while its runner runs: that still gets its time, and its frames are worth having. */
  #isDisruption({ patienceMs }: PodProblem): boolean {
    const { pod } = this.#sight;
    return patienceMs === 0 && pod !== undefined && diagnosePod(pod, this.#facts.terms).state === "running";
  }

  /** The runner's process is over. Its frames come first; what stands in its termination log is the next best. */
  async #endedByItself(diagnosis: Extract<PodDiagnosis, { state: "ended" }>): Promise<JobEnd | undefined> {
    return await this.#afterFrames(LAST_FRAMES_MS, async () => {
      const { exitCode, message } = diagnosis;
      const log = parseTerminationLog(message);
      await this.#tellLastLog();
      if (log === undefined) {
        return lost(
          new ExecError(
            "Transient",
            `The runner ended with exit code ${exitCode}, and neither its last frames nor its result arrived${message === "" ? "" : `: ${message}`}.`,
          ),
        );
      }
      if (!(await this.#believes(log.final))) return lost(await this.#whyGone());
      if (log.truncated && log.final.result === "success" && this.#facts.terms.outputs)
        return lost(
          new ExecError(
            "Transient",
            "The job succeeded, but its outputs did not arrive: they were too large to be kept in the pod.",
          ),
        );
      return { kind: "reported", final: log.final };
    });
  }

  /** The pod is no longer there, or ends for a reason that is not the job's. */
  async #gone(diagnosis: PodDiagnosis, refused: boolean): Promise<JobEnd | undefined> {
    if (diagnosis.state === "ended" && !refused) return await this.#endedByItself(diagnosis);
    if (this.#cancel !== undefined && !refused && !this.#frames.heard) return this.#cancelledUnstarted();
    const waitMs = !refused ? LAST_FRAMES_OF_LOST_MS : isExplained(this.#sight) ? 0 : UNEXPLAINED_MS;
    return await this.#afterFrames(waitMs, async () =>
      diagnosis.state === "lost" ? await this.#lostBy(diagnosis.problem) : lost(await this.#whyGone()),
    );
  }

  /** Gives frames that are on their way so long to arrive before it is concluded that they will not. */
  async #afterFrames(waitMs: number, conclude: () => JobEnd | Promise<JobEnd>): Promise<JobEnd | undefined> {
    const { clock } = this.#parts;
    this.#podGoneAt ??= clock.monotonic();
    const left = this.#podGoneAt + waitMs - clock.monotonic();
    if (left > 0) {
      this.#wakeIn(left);
      return undefined;
    }
    return await conclude();
  }

  /** A pod that was deleted does not know whether its Job was. */
  async #lostBy(problem: PodProblem): Promise<JobEnd> {
    return lost(problem.key === "deleted" ? await this.#whyGone() : problemError(problem));
  }

  /** Nothing will come of it any more; false where the cluster does not answer. */
  async #jobIsOver(): Promise<boolean> {
    const { namespace, jobName, jobUid } = this.#facts;
    try {
      const job = await this.#parts.client.get("jobs", namespace, jobName);
      return (
        job?.metadata?.uid !== jobUid ||
        job.metadata.deletionTimestamp !== undefined ||
        job.status?.conditions?.some(({ type, status }) => OVER.has(type) && status === "True") === true
      );
    } catch {
      return false;
    }
  }

  async #whyGone(): Promise<ExecError> {
    return await whyGone(this.#parts, this.#facts, this.#sight);
  }

  /**
   * A runner that is told to end by its node (eviction, drain, a deleted pod) reports a cancel that nobody asked for: that
   * is not the job's end but the loss of its place.
   */
  async #believes({ result, error }: JobFinishedFrame): Promise<boolean> {
    if (result !== "cancelled" || this.#cancel !== undefined || this.#killedAt !== undefined) return true;
    // Said before the cluster says by whom.
    if (error === TOLD_TO_END) return false;
    const { watch } = this.#parts;
    const { pod, deleted } = await watch.look(this.#facts.jobName).catch(() => this.#sight);
    if (pod === undefined || deleted) return false;
    this.#see({ pod, deleted });
    if (pod.metadata?.deletionTimestamp !== undefined) return false;
    const { conditions, reason } = pod.status ?? {};
    return (
      reason === undefined &&
      conditions?.some(({ type, status }) => type === "DisruptionTarget" && status === "True") !== true
    );
  }

  #cancelledUnstarted(): JobEnd {
    const { reason = "" } = this.#cancel ?? {};
    this.#unstarted = true;
    return {
      kind: "reported",
      final: { type: "job.finished", result: "cancelled", outputs: {}, error: reason, durationMs: 0 },
    };
  }

  /** Also while the cluster does not say that the runner runs: its frames may have come first. */
  async #tellCancel(): Promise<void> {
    if (this.#cancel === undefined || this.#cancel.told) return;
    const { reason } = this.#cancel;
    try {
      await this.#parts.mailbox.send(this.#facts.name, { type: "cancel", reason });
      this.#cancel.told = true;
    } catch {
      this.#wakeIn(1_000);
    }
  }

  /** A runner that does not end in its time after a cancel is ended. */
  #overdue(): undefined {
    if (this.#cancel === undefined) return undefined;
    const { clock } = this.#parts;
    const { cancelTimeoutMs } = this.#facts.terms;
    const left = this.#cancel.at + cancelTimeoutMs + CANCEL_MARGIN_MS - clock.monotonic();
    if (left <= 0) {
      this.#say("The job did not end in its time after the cancel; its pod is taken away.");
      this.kill();
    } else this.#wakeIn(left);
    return undefined;
  }

  async #killed(): Promise<JobEnd | undefined> {
    const { clock, mailbox } = this.#parts;
    const at = this.#killedAt ?? 0;
    const { name, terms } = this.#facts;
    const { pod, deleted } = this.#sight;
    const running = pod !== undefined && !deleted && diagnosePod(pod, terms).state === "running";
    const left = at + KILL_MS - clock.monotonic();
    if (running && left > 0) {
      if (!this.#said.has("kill")) {
        this.#said.add("kill");
        await mailbox.send(name, { type: "kill" }).catch(() => {});
      }
      this.#wakeIn(left);
      return undefined;
    }
    return lost(new ExecError("Cancelled", `The job '${terms.name}' was killed.`));
  }

  /** The head of the log: how the pod came to its node, and its images. */
  async #showHead(uid: string | undefined): Promise<void> {
    if (this.#shown || uid === undefined) return;
    this.#shown = true;
    this.#looks.rest();
    void this.#looks.look(uid);
  }

  /** The record of last resort: what the runner printed. */
  async #tellLastLog(): Promise<void> {
    const { client } = this.#parts;
    const { namespace, note } = this.#facts;
    const pod = this.#sight.pod?.metadata?.name;
    if (pod === undefined) return;
    const log = await client
      .podLog(namespace, pod, MAIN_CONTAINER, LAST_LOG, AbortSignal.timeout(10_000))
      .catch(() => undefined);
    if (log === undefined || log === "") {
      note("The job's last frames did not arrive, and its pod's log can no longer be read.");
      return;
    }
    note("The job's last frames did not arrive. This is what its pod printed, as far as it is kept:");
    for (const line of log.replace(/\n$/, "").split("\n")) note(line);
  }

  #see(sight: PodSight): void {
    const before = this.#sight.pod;
    this.#sight = sight;
    const { pod } = sight;
    if (pod !== undefined && pod !== before && !this.#shown && !sight.deleted) {
      if (diagnosePod(pod, this.#facts.terms).state === "pending") this.#looks.moved(pod.metadata?.uid ?? "");
    }
    this.#stir();
  }

  #say(text: string, key = text): void {
    if (this.#said.has(key) || this.#over.signal.aborted) return;
    this.#said.add(key);
    for (const line of text.split("\n")) this.#facts.note(line);
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  #wakeIn(delayMs: number): void {
    this.#alarm?.();
    this.#alarm = this.#parts.clock.after(Math.max(1, delayMs), () => this.#stir());
  }

  /**
   * Services that do not heed their node's signal would outlast their job by its grace period. The pod stays where it is
   * needed to understand the end: one that it alone tells of, and one of a cancel that who attaches knows nothing of.
   */
  async #endServices(): Promise<void> {
    const { final } = this.#frames;
    const killed = this.#killedAt !== undefined;
    const { pod, deleted } = this.#sight;
    const name = pod?.metadata?.name;
    if (!this.#facts.terms.sidecars || final === undefined || name === undefined || deleted) return;
    if (final.result === "cancelled" && !killed) return;
    const how = { graceSeconds: killed ? 0 : SERVICES_END_S };
    await this.#within(this.#parts.client.remove("pods", this.#facts.namespace, name, how).catch(() => {}));
  }

  async #takeAway(): Promise<void> {
    const { remains } = this.#parts;
    const { pod, deleted } = this.#sight;
    const atOnce = !this.#keeps || this.#facts.terms.sidecars;
    const gone = remains.takeAway({
      ...this.#facts,
      // A pod that would outlast its job by its grace period is ended itself; one of which no end is awaited, without waiting.
      ...(pod?.metadata?.name === undefined || deleted || !atOnce
        ? {}
        : { pod: { name: pod.metadata.name, graceSeconds: this.#keeps ? SERVICES_END_S : 0 } }),
    });
    await this.#within(gone);
  }

  async #within(cleaning: Promise<unknown>): Promise<void> {
    const late = new AbortController();
    await Promise.race([cleaning, pause(this.#parts.clock, CLEAN_UP_MS, late.signal)]);
    late.abort();
  }
}

function lost(error: ExecError): JobEnd {
  return { kind: "lost", error };
}
