import { type Clock, systemClock } from "../../clock.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { OutputPipes } from "../../runner/process/output-pipes.ts";
import type { Spawner, SpawnerProgram } from "../../runner/process/spawner.ts";
import type { runJob } from "../../runner/run-job.ts";
import type { StepFailure } from "../../runner/runner-ports.ts";
import type { Executor, JobNeeds, NoteSink, RunningJob } from "../executor.ts";
import type { startInProcess } from "./in-process-job.ts";
import { isLocalLabel, type LocalHost } from "./local-labels.ts";
import type { RunnerProgram } from "./runner-process.ts";

export type LocalExecutorOptions = InProcessOptions | RunnerProcessOptions;

interface SharedOptions {
  /** Labels that mean this machine besides its own (`-P label=local`). */
  readonly labels?: readonly string[];
  /** How more labels are made to mean this machine; absent: by `slipway run -P`. */
  readonly labelHint?: string;
  /** Absent: the machine this runs on. */
  readonly host?: LocalHost;
  /** Absent: the system's. */
  readonly clock?: Clock;
}

/** The runner runs in this process: no start-up, and steps end with it. */
interface InProcessOptions extends SharedOptions {
  readonly mode: "in-process";
  /** Awaited after a step failed for good (`--shell-on-failure`), with the job it happened in. */
  readonly onStepFailed?: (failure: StepFailure, request: JobRequest) => Promise<void>;
  /** Starts the steps' processes where there are many; absent: this process does. */
  readonly spawner?: SpawnerProgram;
  /** Many steps are to come, soon: what only they need is made ready. */
  readonly expectsMany?: boolean;
  /** Absent: the runner itself. */
  readonly runJob?: typeof runJob;
}

/** Each job gets a runner process of its own, which ends what it started should this process die. */
interface RunnerProcessOptions extends SharedOptions {
  readonly mode: "process";
  readonly program: RunnerProgram;
}

/** Loaded with the first job; shared by all. The pipes are a few open descriptors that go with this process. */
interface InProcessTools {
  readonly startInProcess: typeof startInProcess;
  readonly pipes: OutputPipes;
  readonly spawner: Spawner | undefined;
}

/** Runs jobs on this machine. They do not outlive the executor's process: there is nothing to attach to. */
export class LocalExecutor implements Executor {
  readonly name = "local";
  readonly sharesFolders = true;
  readonly #options: LocalExecutorOptions;
  readonly #clock: Clock;
  #tools: Promise<InProcessTools> | undefined;

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    if (options.mode === "in-process" && options.expectsMany === true)
      this.#tools = loadTools(options, this.#clock);
  }

  refuses({ labels, group, container, services }: JobNeeds): string | undefined {
    const asked = container ? "`container:`" : services ? "`services:`" : undefined;
    if (asked !== undefined) {
      return `A job with ${asked} needs the docker or kubernetes executor; the local one has only the bare host.`;
    }
    const { host = { platform: process.platform, arch: process.arch }, labels: own = [] } = this.#options;
    const known = new Set(own.map((label) => label.toLowerCase()));
    const wanted = labels.length === 0 && group !== undefined ? [group] : labels;
    const unknown = wanted.filter((label) => !known.has(label.toLowerCase()) && !isLocalLabel(label, host));
    if (unknown.length === 0) return undefined;
    const hint = this.#options.labelHint ?? `To run such jobs on this machine: -P ${unknown[0]}=local`;
    return `No runner here takes the label ${unknown.map((label) => `'${label}'`).join(", ")}. ${hint}`;
  }

  async start(request: JobRequest, sink: FrameSink, note: NoteSink = () => {}): Promise<RunningJob> {
    const options = this.#options;
    const clock = this.#clock;
    if (options.mode === "in-process") {
      this.#tools ??= loadTools(options, clock);
      const { startInProcess, pipes, spawner } = await this.#tools;
      const { onStepFailed, runJob } = options;
      return startInProcess(request, sink, {
        clock,
        pipes,
        ...(spawner === undefined ? {} : { spawner }),
        ...(runJob === undefined ? {} : { runJob }),
        ...(onStepFailed === undefined ? {} : { onStepFailed: (failure) => onStepFailed(failure, request) }),
      });
    }
    const { startRunnerProcess } = await import("./runner-process.ts");
    return await startRunnerProcess(request, sink, note, { program: options.program, clock });
  }

  async attach(): Promise<undefined> {
    return undefined;
  }
}

async function loadTools(
  { spawner: program, expectsMany }: InProcessOptions,
  clock: Clock,
): Promise<InProcessTools> {
  const job = import("./in-process-job.ts");
  const { Spawner } = await import("../../runner/process/spawner.ts");
  const spawner = program === undefined ? undefined : new Spawner(program, clock);
  if (expectsMany === true) spawner?.prepare();
  const [{ startInProcess }, { OutputPipes }] = await Promise.all([
    job,
    import("../../runner/process/output-pipes.ts"),
  ]);
  return { startInProcess, pipes: new OutputPipes(), spawner };
}
