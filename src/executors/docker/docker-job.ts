import { join } from "node:path";
import { ExecError } from "../../errors.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { JobEnd, NoteSink, RunningJob } from "../executor.ts";
import { FrameRelay } from "../local/frame-relay.ts";
import { isKitMissing, isNoAnswer } from "./daemon-errors.ts";
import type { Attached, MountSpec } from "./docker-engine.ts";
import type { DockerPlace } from "./docker-settings.ts";
import { type FollowEnd, JobFollower } from "./job-follower.ts";
import { stepMounts } from "./job-mounts.ts";
import { type JobNames, LABEL, type Role } from "./job-names.ts";
import { LoopbackProxy } from "./loopback-proxy.ts";
import { lostJob } from "./lost-job.ts";
import { pullSetting } from "./pull-setting.ts";
import { bytesText } from "./quantities.ts";
import { removeLabelled } from "./remove-job.ts";
import { socketFolderName } from "./socket-folder-name.ts";
import { StepContainers } from "./step-containers.ts";

export interface JobTexts {
  readonly displayName: string;
  readonly sink: FrameSink;
  readonly note: NoteSink;
  readonly afterSeq: number;
}

/** A job's container that is about to start, or that runs already. */
export interface PlacedJob {
  readonly container: string;
  readonly mounts: readonly MountSpec[];
  readonly workspace: string;
  /** Ports of this machine's loopback that the job speaks to. */
  readonly hostPorts: readonly number[];
  /** Absent: it was started before, by whoever. */
  readonly begin?: {
    readonly request: JobRequest;
    /** Connected, and then started. */
    readonly start: (signal: AbortSignal) => Promise<Attached>;
  };
}

export interface PrepareSignals {
  /** Aborted: nothing more is made. */
  readonly signal: AbortSignal;
  /** Aborted: nothing is waited for that takes long; what is quick goes on, and the runner is told of the cancel. */
  readonly cancelled: AbortSignal;
}

const JOB_ROLE: Role = "job";
/** A runner that was told to end everything has so long to do it. */
const KILL_GRACE_MS = 5_000;
/** A runner that was told of its job says its first word within this time, on any machine. */
const FIRST_WORD_MS = 60_000;

/** One job on Docker, from before its image is there until nothing of it is left. */
export class DockerJob implements RunningJob {
  readonly ref: string;
  readonly ended: Promise<JobEnd>;
  /** Settles once the runner was told of its job, or will never be. */
  readonly placed: Promise<void>;
  readonly #place: DockerPlace;
  readonly #names: JobNames;
  readonly #texts: JobTexts;
  /** Aborted: what is being prepared is given up. */
  readonly #preparing = new AbortController();
  readonly #cancelled = new AbortController();
  /** Aborted: the container is gone, or goes now. */
  readonly #over = new AbortController();
  #follower: JobFollower | undefined;
  #proxy: LoopbackProxy | undefined;
  #cancelReason: string | undefined;
  #killed = false;
  #told = false;
  #detached = false;
  /** Its containers are still there after its end. */
  #keeps = false;
  #released: Promise<void> | undefined;

  constructor(
    place: DockerPlace,
    names: JobNames,
    texts: JobTexts,
    prepare: (signals: PrepareSignals) => Promise<PlacedJob>,
  ) {
    this.#place = place;
    this.#names = names;
    this.#texts = texts;
    this.ref = names.ref;
    const placed = Promise.withResolvers<void>();
    this.placed = placed.promise;
    this.ended = this.#run(prepare, placed.resolve);
    void this.ended.then(() => placed.resolve());
  }

  cancel(reason: string): void {
    if (this.#cancelReason !== undefined) return;
    this.#cancelReason = reason;
    this.#cancelled.abort(new ExecError("Cancelled", `The job was cancelled before it began: ${reason}`));
    this.#tellCancel();
  }

  kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#preparing.abort(new ExecError("Cancelled", "The job was killed before it began."));
    const end = () => this.#over.abort(killed(this.#texts));
    if (this.#follower?.tell({ type: "kill" }) !== true) {
      end();
      return;
    }
    const stop = this.#place.clock.after(KILL_GRACE_MS, end);
    this.#over.signal.addEventListener("abort", stop, { once: true });
  }

  /** See `RunningJob`. What cannot be removed now is swept later. */
  release(): Promise<void> {
    this.#released ??= this.ended.then(async () => {
      if (this.#keeps) await this.#cleanUp(() => {});
    });
    return this.#released;
  }

  /** Lets the job go on by itself: nothing more is told of it, and `ended` never settles. */
  detach(): void {
    this.#detached = true;
    this.#over.abort();
    this.#follower?.close();
    this.#proxy?.close(false);
  }

  async #run(prepare: (signals: PrepareSignals) => Promise<PlacedJob>, placed: () => void): Promise<JobEnd> {
    let end: JobEnd;
    try {
      end = await this.#begin(prepare, placed);
    } catch (error) {
      end = { kind: "lost", error: this.#asLost(error) };
    }
    if (this.#detached) return await new Promise(() => {});
    this.#over.abort(killed(this.#texts));
    this.#follower?.close();
    this.#proxy?.close(true);
    // An end that was reported is told again to the next process, until it is safe.
    this.#keeps = this.#place.settings.outlives && end.kind === "reported";
    if (this.#keeps) await this.#cleanUpBeside();
    else await this.#cleanUp((text) => this.#texts.note(text), hasNoAnswer(end));
    return end;
  }

  /** Once more where the kit was taken away meanwhile (`docker system prune`), which is told with a container's start. */
  async #begin(prepare: (signals: PrepareSignals) => Promise<PlacedJob>, told: () => void): Promise<JobEnd> {
    const signals = { signal: this.#preparing.signal, cancelled: this.#cancelled.signal };
    const placed = await prepare(signals);
    try {
      return await this.#follow(placed, told);
    } catch (error) {
      if (placed.begin === undefined || !isKitMissing(error)) throw error;
      const { engine, clock, renewKit } = this.#place;
      this.#texts.note("The runner's kit is gone from the Docker host: putting it in place again.");
      this.#proxy?.close(false);
      await removeLabelled(engine, clock, this.#names.own);
      await renewKit(placed.mounts);
      return await this.#follow(await prepare(signals), told);
    }
  }

  async #follow(placed: PlacedJob, told: () => void): Promise<JobEnd> {
    const { engine, clock, settings } = this.#place;
    const { sink, note, afterSeq, displayName } = this.#texts;
    const { container, begin, hostPorts } = placed;
    const relay = new FrameRelay(sink, note, afterSeq);
    const steps = this.#steps(placed);
    const follower = new JobFollower({
      engine,
      clock,
      relay,
      container,
      note,
      onMessage: (message) => steps.take(message),
      onAttached: () => this.#sayAgain(),
      patienceMs: settings.patienceMs,
      signal: this.#over.signal,
    });
    if (hostPorts.length > 0) this.#proxy = await LoopbackProxy.open(this.#socketFolder, hostPorts);
    const attached = await begin?.start(this.#preparing.signal);
    this.#follower = follower;
    attached?.write(`${JSON.stringify(begin?.request)}\n`);
    told();
    if (begin === undefined) void steps.adopt().catch(() => {});
    const stopWaiting = this.#awaitFirstWord(relay, begin === undefined);
    if (attached !== undefined) void Promise.resolve().then(() => this.#sayAgain());
    const following = follower.follow(attached);
    let end: FollowEnd;
    try {
      end = await Promise.race([following, aborted(this.#over.signal)]);
    } catch (error) {
      follower.close();
      await following.catch(() => {});
      throw error;
    } finally {
      stopWaiting();
    }
    if (end.kind === "silent") return { kind: "lost", error: lostJob(displayName, end, this.#killed) };
    // The end of its input is a runner's order to end, unless the job outlives who started it: not what the user asked for.
    if (end.cut && !settings.outlives && !this.#asked && end.final.result !== "success") {
      const message = `The connection to the Docker daemon was cut, which ended job '${displayName}'.`;
      return { kind: "lost", error: new ExecError("Transient", message) };
    }
    // Its container was stopped, by a daemon that ends perhaps: whoever wanted the job has not cancelled it.
    if (end.final.result === "cancelled" && !this.#asked) {
      const message = `Somebody stopped the container of job '${displayName}', or the Docker daemon, which stops its containers.`;
      return { kind: "lost", error: new ExecError("Transient", message) };
    }
    if (end.final.result === "failure") await this.#tellOutOfMemory(container);
    return { kind: "reported", final: end.final };
  }

  get #asked(): boolean {
    return this.#killed || this.#cancelReason !== undefined;
  }

  #steps({ container, mounts, workspace }: PlacedJob): StepContainers {
    const { engine, clock, settings } = this.#place;
    return new StepContainers({
      engine,
      clock,
      names: this.#names,
      pull: pullSetting(this.#place),
      job: container,
      mounts: stepMounts(mounts, workspace),
      rules: settings.rules,
      defaults: settings.defaults,
      tell: (command) => this.#follower?.tell(command),
      signal: this.#over.signal,
    });
  }

  /** What was asked for while nobody listened. */
  #sayAgain(): void {
    this.#told = false;
    this.#tellCancel();
    if (this.#killed) this.#follower?.tell({ type: "kill" });
  }

  #tellCancel(): void {
    if (this.#told || this.#cancelReason === undefined) return;
    this.#told = this.#follower?.tell({ type: "cancel", reason: this.#cancelReason }) ?? false;
  }

  /**
   * A worker that died while it handed the request over left a runner that waits for the rest of it: nothing has begun, and
   * the job can be placed anew.
   */
  #awaitFirstWord(relay: FrameRelay, isAdopted: boolean): () => void {
    if (!isAdopted || relay.lastSeq > 0) return () => {};
    return this.#place.clock.after(FIRST_WORD_MS, () => {
      if (relay.lastSeq > 0) return;
      const message = `The runner of job '${this.#texts.displayName}' was never told of its job: its worker ended before.`;
      this.#over.abort(new ExecError("Transient", message));
    });
  }

  /** A process that ran out of memory looks to its step like any that was killed. */
  async #tellOutOfMemory(container: string): Promise<void> {
    const facts = await this.#place.engine.inspectContainer(container).catch(() => undefined);
    if (facts?.outOfMemory !== true) return;
    const limit = facts.memoryLimitBytes === 0 ? "" : ` (limit ${bytesText(facts.memoryLimitBytes)})`;
    this.#texts.note(
      `A process of the job was killed because the job's container ran out of memory${limit}.`,
    );
  }

  #asLost(error: unknown): ExecError {
    if (error instanceof ExecError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new ExecError("Permanent", `Job '${this.#texts.displayName}' could not be followed: ${reason}`, {
      cause: error,
    });
  }

  get #socketFolder(): string {
    return join(this.#place.settings.socketFolder, socketFolderName(this.#names));
  }

  /** Of a job that is over what tells nothing of its end: services, containers of steps. What resists goes with the rest. */
  async #cleanUpBeside(): Promise<void> {
    const { engine } = this.#place;
    const all = await engine.listContainers(this.#names.own).catch(() => []);
    const beside = all.filter(({ labels }) => labels[LABEL.role] !== JOB_ROLE);
    await Promise.allSettled(beside.map(({ id }) => engine.removeContainer(id)));
  }

  async #cleanUp(note: NoteSink, isQuick = false): Promise<void> {
    const { engine, clock, defaultNetwork } = this.#place;
    try {
      await removeLabelled(engine, clock, this.#names.own, isQuick ? 1 : undefined);
    } catch (error) {
      if (isQuick && isNoAnswer(error)) return;
      const reason = error instanceof Error ? error.message : String(error);
      note(`Not everything of the job could be removed; it will be swept later. ${reason}`);
      return;
    }
    defaultNetwork.giveBack(this.#names.job);
  }
}

/** Lost because nobody answered, for as long as is waited for that: it need not be waited for once more. */
function hasNoAnswer(end: JobEnd): boolean {
  return end.kind === "lost" && isNoAnswer(end.error);
}

function killed({ displayName }: JobTexts): ExecError {
  return new ExecError("Cancelled", `The runner of job '${displayName}' was killed.`);
}

async function aborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
