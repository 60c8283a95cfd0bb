import type { Clock } from "../clock.ts";
import type { Json, JsonObject } from "../json.ts";
import type { JobRequest } from "../protocol/job-request.ts";
import type { Scope } from "../spec/expressions/scope.ts";
import type { ActionStore } from "./actions/action-store.ts";
import { StepContainerPlaces } from "./containers/open-step-container.ts";
import type { ArtifactSubject } from "./env-files/artifact-subjects.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { hashFiles } from "./hash-files.ts";
import type { JobCancellation } from "./job-cancellation.ts";
import type { RunStatus } from "./job-status.ts";
import type { Masker } from "./output/masker.ts";
import type { MatcherRegistry } from "./output/matcher-registry.ts";
import type { OutputPipes } from "./process/output-pipes.ts";
import type { ProcessTracker } from "./process/process-tracker.ts";
import type { RunnerPorts } from "./runner-ports.ts";
import { JobEnv, type Variables } from "./scope/env-scope.ts";
import { githubEnvironment, runnerEnvironment } from "./scope/github-environment.ts";
import { type JobContexts, jobContexts } from "./scope/job-contexts.ts";
import { StepsContext } from "./scope/steps-context.ts";
import { workflowPlace } from "./scope/workflow-place.ts";
import { FileSlots } from "./steps/file-slots.ts";
import type { StepUnit } from "./steps/step-unit.ts";

export interface JobTools {
  readonly frames: FrameWriter;
  readonly masker: Masker;
  readonly matchers: MatcherRegistry;
  readonly tracker: ProcessTracker;
  readonly pipes: OutputPipes;
  readonly cancellation: JobCancellation;
}

/** The steps' own `run` settings where they name none: of the job, else of the workflow. */
export interface RunDefaults {
  shell?: string;
  workingDirectory?: string;
}

export interface PostStep {
  readonly unit: StepUnit;
  readonly name: string;
}

/** One running job: what all of its steps share. */
export class Job {
  readonly request: JobRequest;
  readonly ports: RunnerPorts;
  readonly clock: Clock;
  readonly tools: JobTools;
  readonly contexts: JobContexts;
  readonly env = new JobEnv();
  readonly steps = new StepsContext();
  readonly defaults: RunDefaults = {};
  readonly artifacts = new Map<string, ArtifactSubject>();
  readonly fileSlots: FileSlots;
  /** Absent: on a bare host, where no step has a container. */
  readonly stepContainers: StepContainerPlaces | undefined;
  /** In the order they were registered; run in reverse. */
  readonly posts: PostStep[] = [];
  /** What every process of the job has, on which nothing of the pipeline's has a say. */
  readonly fixedEnv: Variables;
  /** For messages: the pipeline file. */
  readonly file: string;
  /** Asked for by whoever runs the job, or as on GitHub by the secret or variable `ACTIONS_STEP_DEBUG`. */
  readonly debug: boolean;
  #status: RunStatus = "success";
  #jobContext: JsonObject | undefined;
  #store: Promise<ActionStore> | undefined;
  #steps = 0;

  constructor(request: JobRequest, ports: RunnerPorts, tools: JobTools) {
    this.request = request;
    this.ports = ports;
    this.clock = ports.clock;
    this.tools = tools;
    this.fileSlots = new FileSlots(request.directories.control ?? request.directories.temp, this.artifacts);
    this.stepContainers =
      request.containers === undefined
        ? undefined
        : new StepContainerPlaces(request.containers, request.directories, ports.containers, ports.clock);
    this.debug = request.debug || asksForDebug(request);
    this.contexts = jobContexts(request, this.debug);
    this.file = workflowPlace(request.contexts.github).path || "workflow";
    this.fixedEnv = {
      ...githubEnvironment(this.contexts.github),
      ...runnerEnvironment(this.contexts.runner),
      GITHUB_ACTIONS: "true",
      ...tools.tracker.env,
    };
  }

  get status(): RunStatus {
    return this.#status;
  }

  set status(status: RunStatus) {
    this.#status = status;
    this.#jobContext = undefined;
  }

  /** The `job` context. */
  jobContext(): JsonObject {
    this.#jobContext ??= { status: this.#status, ...this.contexts.job };
    return this.#jobContext;
  }

  /** The contexts that no step changes, as a step of the workflow sees them. */
  settledContexts(): { readonly [name: string]: Json } {
    const { vars, needs, strategy, matrix, inputs, secrets } = this.request.contexts;
    const { github, runner } = this.contexts;
    return { github, vars, needs, strategy, matrix, inputs, secrets, runner };
  }

  /** What an expression of the job itself, outside any step, sees by now. */
  scope(): Scope {
    return {
      contexts: {
        ...this.settledContexts(),
        env: this.env.values(),
        steps: this.steps.json(),
        job: this.jobContext(),
      },
      hashFiles: (patterns) => this.hashFiles(patterns),
    };
  }

  hashFiles(patterns: readonly string[]): string {
    return hashFiles(this.request.directories.workspace, patterns, this.request.baseEnv.HOME);
  }

  /** Hides a value from here on, here and wherever the log goes. */
  mask(value: string): void {
    this.tools.masker.add(value);
    void this.tools.frames.emit({ type: "mask", value });
  }

  /** Made when the first action is asked for: jobs without one need neither git nor the cache. */
  actionStore(): Promise<ActionStore> {
    this.#store ??= this.#makeStore();
    return this.#store;
  }

  /** Numbers of steps in the frames. */
  nextStep(): number {
    return ++this.#steps;
  }

  async #makeStore(): Promise<ActionStore> {
    const { actions, checkout, directories, baseEnv } = this.request;
    const make =
      this.ports.createActionStore ?? (await import("./actions/action-store.ts")).createActionStore;
    return make({
      sources: actions,
      cacheDirectory: directories.actionCache,
      checkout,
      env: { ...baseEnv, ...this.tools.tracker.env },
      ...(this.ports.git === undefined ? {} : { git: this.ports.git }),
      now: () => this.clock.now(),
      mask: (value) => this.mask(value),
    });
  }
}

function asksForDebug({ contexts }: JobRequest): boolean {
  const { ACTIONS_STEP_DEBUG: asked = contexts.vars.ACTIONS_STEP_DEBUG } = contexts.secrets;
  return asked === "true" || asked === true;
}
