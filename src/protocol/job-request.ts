/**
 * What a runner is told: everything it needs to run one job, as plain JSON. It holds secrets; whoever stores or
 * ships it treats it as one.
 */
import type { Json, JsonObject } from "../json.ts";
import type { TemplateMapping, TemplateValue } from "../spec/template/template-value.ts";
import type { ArtifactSpec, RunDefaultsSpec, StepSpec } from "../spec/workflow-spec.ts";
import type { JobPlacement } from "./job-placement.ts";
import type { PushTarget } from "./push-protocol.ts";
import type { ImageConfig } from "./runner-message.ts";

export const PROTOCOL_VERSION = 1;

export interface JobRequest {
  readonly protocolVersion: typeof PROTOCOL_VERSION;
  readonly buildId: string;
  /** Unique within the build and stable over retries, e.g. `test[1]` or `release/deploy`. */
  readonly jobKey: string;
  /** The job's id in its file: `github.job`. */
  readonly jobId: string;
  /** For people, e.g. `test (22, linux)`. */
  readonly displayName: string;
  /** Counted from 1. */
  readonly attempt: number;

  /** The contexts that are settled before the job starts. The runner adds `env`, `job`, `steps`, `runner`. */
  readonly contexts: {
    readonly github: JsonObject;
    readonly vars: JsonObject;
    readonly needs: JsonObject;
    readonly strategy: JsonObject;
    readonly matrix: Json;
    readonly inputs: JsonObject;
    readonly secrets: JsonObject;
  };
  /** `env` of the workflow, then of the job, evaluated by the runner in this order (later wins). */
  readonly env: readonly TemplateValue[];
  /** Of the workflow, then of the job. */
  readonly defaults: readonly RunDefaultsSpec[];
  readonly steps: readonly StepSpec[];
  readonly outputs?: TemplateMapping;
  readonly environmentUrl?: TemplateValue;
  /** 0 or absent: no limit. */
  readonly timeoutMs?: number;
  /** How long `always()` and post steps may take after a cancel. */
  readonly cancelTimeoutMs: number;
  /** Values that must never leave the runner, besides every value of `contexts.secrets`. */
  readonly masks: readonly string[];

  /** The environment steps inherit from the machine, before anything the pipeline sets. */
  readonly baseEnv: { readonly [name: string]: string };
  readonly directories: JobDirectories;
  readonly runner: RunnerIdentity;
  readonly actions: ActionSources;
  readonly checkout: CheckoutSource;
  /** Absent: no artifact, cache or OIDC service is offered to this job. */
  readonly services?: JobServices;
  /** `ACTIONS_STEP_DEBUG`: `debug` commands are shown. */
  readonly debug: boolean;
  /** True: what a process prints keeps coming out raw after its shell died only until this long after, in ms. */
  readonly outputGraceMs?: number;

  /** What the job asks of its place; for executors. Absent: nothing but a host with any label. */
  readonly placement?: JobPlacement;
  /** Set by an executor that runs the job among containers. Absent: on a bare host. */
  readonly containers?: JobContainers;
  /** Ports on the runner's loopback, each handed on by it, in the order of the list. Absent: none. */
  readonly forwards?: readonly PortForward[];
  /** Whose files in the workspace are when the job has ended; only a runner that is root sees to it. */
  readonly workspaceOwner?: { readonly uid: number; readonly gid: number };
  /** Artifacts that the runner itself looks for in the workspace at the end of the job, and keeps by `services`. */
  readonly collect?: readonly ArtifactSpec[];
  /** Where frames go. Absent: to whoever started the runner. */
  readonly push?: PushTarget;
}

/** What came of `container` and `services`: the `job` context, and what steps in containers are started with. */
export interface JobContainers {
  /** `job.container`; absent where the job has no `container` of its own, though it may run in one. */
  readonly job?: { readonly id: string; readonly network: string };
  /** `job.services`, by id. `ports`: of the container, to the one a step reaches it by. */
  readonly services: {
    readonly [id: string]: {
      readonly id: string;
      readonly network: string;
      readonly ports: { readonly [port: string]: string };
    };
  };
  /**
   * How docker actions and `docker://` get their containers. `asked`: by a `RunnerMessage`. `gated`: they stand beside
   * the runner already, each waiting at a gate of its own. `none`: they cannot; `reason` says why.
   */
  readonly steps:
    | { readonly kind: "asked" }
    | { readonly kind: "gated"; readonly gates: readonly StepGate[] }
    | { readonly kind: "none"; readonly reason: string };
  /** Where such containers see the workspace; `GITHUB_WORKSPACE` is this there. */
  readonly stepWorkspace: string;
}

/** A container that waits for one step which wants its image. */
export interface StepGate {
  readonly image: string;
  /** Absolute: what the gate connects to. */
  readonly socket: string;
  /** Absent: it could not be found out; a step must then name its entrypoint itself. */
  readonly config?: ImageConfig;
}

export interface PortForward {
  /** On 127.0.0.1 and ::1. */
  readonly listenPort: number;
  readonly to: { readonly host: string; readonly port: number } | { readonly socket: string };
}

/** Absolute paths on the runner's side. The runner makes what is missing. */
export interface JobDirectories {
  /** `GITHUB_WORKSPACE`. */
  readonly workspace: string;
  /** `RUNNER_TEMP`: emptied at the start of the job; at its end what is in it is removed, perhaps itself. */
  readonly temp: string;
  /**
   * For the small files that pass between runner and steps: scripts, environment files, the event. Emptied at the start
   * of the job and at its end. Best on a file system in memory; below `temp` where absent.
   */
  readonly control?: string;
  /** `RUNNER_TOOL_CACHE`, shared between jobs. */
  readonly toolCache: string;
  /** Fetched actions, shared between jobs and runs; see `ActionSources`. */
  readonly actionCache: string;
}

export interface RunnerIdentity {
  readonly name: string;
  /** As in `runner.os`. */
  readonly os: "Linux" | "macOS" | "Windows";
  /** As in `runner.arch`. */
  readonly arch: "X64" | "ARM64" | "ARM" | "X86";
  readonly environment: "self-hosted";
  /** The node that runs JavaScript actions. */
  readonly nodePath: string;
}

export interface ActionSources {
  /** `owner/repo@ref` is cloned from `<url>/owner/repo`. May be `https:`, `http:`, `ssh:`, `file:` or a folder. */
  readonly url: string;
  /** `owner/repo@ref` to a folder that is used in its place, as it is. */
  readonly local: { readonly [nameAndRef: string]: string };
  /** Only what is in the cache, local or bundled. */
  readonly offline: boolean;
  /** `owner/repo` to a folder that stands in for it, at any ref, only where the repository cannot be had. */
  readonly bundled?: { readonly [name: string]: string };
  /** For private action repositories; sent only to `url`. */
  readonly token?: string;
}

/** What the built-in `actions/checkout` checks out. */
export interface CheckoutSource {
  /** False: `actions/checkout` is fetched and run like any other action. */
  readonly builtin: boolean;
  /** `owner/repo` that the source below holds; another `repository:` is cloned from `serverUrl`. */
  readonly repository: string;
  readonly serverUrl: string;
  readonly source:
    | {
        /** A work tree on this machine: tracked and not ignored files, uncommitted changes included. */
        readonly kind: "worktree";
        readonly path: string;
      }
    | { readonly kind: "git"; readonly url: string; readonly token?: string };
  /**
   * Several jobs of the build work in this workspace: the first brings the commit, and who comes later leaves what stands
   * there.
   */
  readonly shared?: boolean;
  /** The workspace already is the work tree (`--bind`): checking out the same repository to `.` does nothing. */
  readonly bound: boolean;
}

/** Where this job finds the artifact, cache and OIDC services, and its right to use them. */
export interface JobServices {
  /** `ACTIONS_RESULTS_URL` (artifacts v4, cache v2), ending in `/`. */
  readonly resultsUrl: string;
  /** `ACTIONS_CACHE_URL` (cache v1), ending in `/`. */
  readonly cacheUrl: string;
  /** `ACTIONS_RUNTIME_URL`, ending in `/`. */
  readonly runtimeUrl: string;
  /** `ACTIONS_RUNTIME_TOKEN`: a JWT whose `scp` names run and job. */
  readonly runtimeToken: string;
  /** Given only to jobs with `permissions: id-token: write`. */
  readonly idTokenRequestUrl?: string;
  readonly idTokenRequestToken?: string;
}
