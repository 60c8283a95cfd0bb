import type { JsonObject } from "../../json.ts";
import type { Scope } from "../../spec/expressions/scope.ts";
import type { TemplateValue } from "../../spec/template/template-value.ts";
import type { ActionStage, ProcessSpec } from "../actions/javascript-action.ts";
import type { FolderAction } from "../actions/resolved-action.ts";
import type { Job } from "../job.ts";
import { type RunStatus, worse } from "../job-status.ts";
import type { StepLog } from "../output/step-log.ts";
import type { ProcessEnd } from "../process/process-end.ts";
import { signalGroup } from "../process/process-group.ts";
import { type ProcessOptions, runProcess } from "../process/run-process.ts";
import type { EnvScope, Variables } from "../scope/env-scope.ts";
import { evaluateText, evaluateTexts } from "../scope/evaluate-located.ts";
import { githubEnvironment } from "../scope/github-environment.ts";
import type { StepsContext } from "../scope/steps-context.ts";
import { hasOwnId, type StepUnit } from "./step-unit.ts";

/** The use of a composite action that a step stands in. */
export interface Enclosing {
  readonly execution: StepExecution;
  readonly action: FolderAction;
  readonly inputs: JsonObject;
  readonly steps: StepsContext;
  /** How the action itself stands so far: what the status functions of its main steps look at. */
  status(): RunStatus;
}

export interface StepPlace {
  readonly job: Job;
  readonly unit: StepUnit;
  readonly stage: ActionStage;
  /** In the frames; steps inside an action speak under the number of the step that uses it. */
  readonly number: number;
  readonly name: string;
  /** Where what the step sets for others goes. */
  readonly env: EnvScope;
  readonly enclosing?: Enclosing;
  /** True: its outputs are seen only once it was waited for. */
  readonly deferred?: boolean;
}

/** `cancelled`: the job is. `timeout`: the step's time is over. `stopped`: a `cancel` step asked for it. */
export type Interruption = "cancelled" | "timeout" | "stopped";

/** What a process of a step has to do with the step. */
export type ProcessIo = Required<Pick<ProcessOptions, "signal" | "kill" | "onOutput" | "clock">> &
  Pick<ProcessOptions, "outputGrace">;

/** One stage of one step while it runs: what it sees, what it sets, how it stands. */
export class StepExecution {
  readonly place: StepPlace;
  /** May only be known once the step's expressions can be evaluated. */
  name: string;
  readonly outputs = new Map<string, string>();
  /** `env` of the step and of the steps around it, evaluated. */
  overrides: Variables;
  exitCode: number | undefined;
  endSignal: string | undefined;
  /** The first reason of a failure, not masked. */
  error: string | undefined;
  /** What the last process of the step ran in. */
  lastProcess: Pick<ProcessSpec, "env" | "cwd"> | undefined;
  /** A process of the step still ran when the step's own process had ended. */
  leftBehind = false;
  readonly #abort = new AbortController();
  readonly #onInterrupt = new Set<(interruption: Interruption) => void>();
  #ended: RunStatus = "success";
  #cut = false;
  #interruption: Interruption | undefined;
  #commandFailed = false;
  #log: StepLog | undefined;
  #githubExtras: JsonObject = {};
  #github: JsonObject | undefined;
  #env: { readonly from: Variables; readonly values: Variables } | undefined;
  #scope: Scope | undefined;

  constructor(place: StepPlace) {
    this.place = place;
    this.name = place.name;
    const { enclosing, unit } = place;
    this.overrides = enclosing?.execution.overrides ?? {};
    this.#githubExtras =
      enclosing === undefined
        ? { action: unit.id }
        : { ...enclosing.execution.#githubExtras, action_path: enclosing.action.directory };
  }

  get job(): Job {
    return this.place.job;
  }

  get log(): StepLog {
    if (this.#log === undefined) throw new Error(`The log of "${this.name}" is not open`);
    return this.#log;
  }

  set log(log: StepLog) {
    this.#log = log;
  }

  /** Where the step is written, for messages. */
  get file(): string {
    const { enclosing, job } = this.place;
    return enclosing === undefined ? job.file : `${enclosing.action.uses}/action.yml`;
  }

  /** Aborted when the step is interrupted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get interruption(): Interruption | undefined {
    return this.#interruption;
  }

  /** True: it did not come to its own end. */
  get cut(): boolean {
    return this.#cut;
  }

  /** How the step stands; what a failed workflow command says counts too. */
  get status(): RunStatus {
    return this.#commandFailed ? worse(this.#ended, "failure") : this.#ended;
  }

  /** What expressions of this step see. */
  get scope(): Scope {
    this.#scope ??= this.#makeScope();
    return this.#scope;
  }

  get github(): JsonObject {
    this.#github ??= { ...this.job.contexts.github, ...this.#githubExtras, ...this.#actionStatus() };
    return this.#github;
  }

  /** The `env` context: what the job and earlier steps set, under the step's own. */
  get env(): Variables {
    const from = this.place.env.values();
    if (this.#env?.from !== from) {
      const own = this.overrides;
      this.#env = { from, values: Object.keys(own).length === 0 ? from : { ...from, ...own } };
    }
    return this.#env.values;
  }

  setOverrides(own: Variables): void {
    this.overrides = { ...this.overrides, ...own };
    this.#env = undefined;
  }

  /** Properties of `github` that this step has to itself: `action_ref`, `output` and so on. */
  extendGithub(extras: JsonObject): void {
    this.#githubExtras = { ...this.#githubExtras, ...extras };
    this.#github = undefined;
  }

  /** The environment of the step's process, `PATH` with its additions, without what only actions get. */
  processEnv(): Record<string, string> {
    const env: Record<string, string> = { ...this.job.request.baseEnv, ...this.env };
    env.CI ??= "true";
    const paths = this.place.env.paths();
    if (paths.length > 0) {
      env.PATH = [...paths.toReversed(), env.PATH ?? ""].filter((path) => path !== "").join(":");
    }
    Object.assign(env, this.job.fixedEnv, githubEnvironment(this.#githubExtras));
    return env;
  }

  /** Of that what is not the machine's, and without additions to PATH: for a process in a container of its own. */
  pipelineEnv(): Record<string, string> {
    const env: Record<string, string> = { ...this.env };
    env.CI ??= "true";
    Object.assign(env, this.job.fixedEnv, githubEnvironment(this.#githubExtras));
    return env;
  }

  evaluate(value: TemplateValue): string {
    return evaluateText(value, this.scope, this.file);
  }

  evaluateTexts(value: TemplateValue | undefined): Record<string, string> {
    return evaluateTexts(value, this.scope, this.file);
  }

  setOutput(name: string, value: string): void {
    const { unit, stage, deferred } = this.place;
    this.outputs.set(name, value);
    if (stage === "main" && hasOwnId(unit) && deferred !== true) {
      this.ownSteps().setOutput(unit.id, name, value);
    }
  }

  /** The `steps` context that this step itself stands in. */
  ownSteps(): StepsContext {
    return this.place.enclosing?.steps ?? this.job.steps;
  }

  saveState(name: string, value: string): void {
    this.place.unit.state[name] = value;
  }

  commandFailed(): void {
    this.#commandFailed = true;
  }

  /** Says why in the log, and as an annotation. */
  fail(message: string): void {
    this.log.annotate({ level: "error", message });
    this.failQuietly(message);
  }

  failQuietly(reason?: string): void {
    this.error ??= reason;
    this.#ended = worse(this.#ended, "failure");
  }

  /** Takes over how a step inside ended. */
  mergeEnd(ended: RunStatus): void {
    this.#ended = worse(this.#ended, ended);
  }

  /** It did not come to its own end. */
  cutShort(): void {
    this.#cut = true;
  }

  /** What was cut by a timeout failed, what was cut otherwise was cancelled; whatever it looked like until then. */
  endAsCut(status: "failure" | "cancelled"): void {
    this.#ended = status;
  }

  interrupt(interruption: Interruption): void {
    if (this.#interruption !== undefined) return;
    this.#interruption = interruption;
    for (const listener of this.#onInterrupt) listener(interruption);
    this.#abort.abort();
  }

  /** Called at once if it was interrupted before. Returns what takes the listener back. */
  onInterrupt(listener: (interruption: Interruption) => void): () => void {
    if (this.#interruption !== undefined) listener(this.#interruption);
    this.#onInterrupt.add(listener);
    return () => this.#onInterrupt.delete(listener);
  }

  /** Runs a process of the step to its end and notes how that was. */
  run(spec: ProcessSpec): Promise<ProcessEnd> {
    const { job } = this;
    const { pipes, tracker } = job.tools;
    return this.follow(spec, (io) =>
      runProcess({
        ...spec,
        ...io,
        pipes,
        ...(job.ports.spawner === undefined ? {} : { spawner: job.ports.spawner }),
        tracker: {
          ...tracker,
          ended: (pid) => {
            this.leftBehind ||= signalGroup(pid, 0);
            tracker.ended(pid);
          },
        },
      }),
    );
  }

  /** Follows a process of the step, wherever it runs, to its end and notes how that was. */
  async follow(
    place: Pick<ProcessSpec, "env" | "cwd">,
    start: (io: ProcessIo) => Promise<ProcessEnd>,
  ): Promise<ProcessEnd> {
    const { job } = this;
    const { outputGraceMs } = job.request;
    this.lastProcess = place;
    const end = await start({
      signal: this.signal,
      kill: job.tools.cancellation.killed,
      onOutput: (chunk) => this.log.write(chunk),
      clock: job.clock,
      ...(outputGraceMs === undefined
        ? {}
        : { outputGrace: { quietMs: outputGraceMs, totalMs: outputGraceMs } }),
    });
    if (end.cancelled) this.cutShort();
    switch (end.kind) {
      case "exited":
        this.exitCode = end.code;
        break;
      case "signalled":
        this.endSignal = end.signal;
        if (!end.cancelled) this.fail(`The process was killed by the signal ${end.signal}.`);
        break;
      case "not-started":
      case "lost":
        if (!end.cancelled) this.fail(end.error.message);
        break;
    }
    return end;
  }

  /** Inside an action its own status; GitHub sets it for the steps of actions only. */
  #actionStatus(): JsonObject {
    const { enclosing } = this.place;
    return enclosing === undefined ? {} : { action_status: enclosing.status() };
  }

  #makeScope(): Scope {
    const { job, enclosing, stage } = this.place;
    const { strategy, matrix, needs, vars, secrets, inputs } = job.request.contexts;
    const self = this;
    const shared = {
      get github() {
        return self.github;
      },
      get env() {
        return self.env;
      },
      get job() {
        return job.jobContext();
      },
      get steps() {
        return self.ownSteps().json();
      },
      runner: job.contexts.runner,
      strategy,
      matrix,
    };
    // Steps of an action see neither the workflow's secrets nor its variables: GitHub does not know the names there.
    const contexts =
      enclosing === undefined
        ? Object.defineProperties({ needs, vars, secrets, inputs }, Object.getOwnPropertyDescriptors(shared))
        : Object.defineProperties({ inputs: enclosing.inputs }, Object.getOwnPropertyDescriptors(shared));
    const standing = () => (enclosing !== undefined && stage === "main" ? enclosing.status() : job.status);
    return {
      contexts,
      status: {
        success: () => standing() === "success",
        failure: () => standing() === "failure",
        cancelled: () => job.status === "cancelled",
      },
      hashFiles: (patterns) => job.hashFiles(patterns),
    };
  }
}
