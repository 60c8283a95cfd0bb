import { join } from "node:path";
import type { JsonObject } from "../../json.ts";
import { type JobRequest, PROTOCOL_VERSION } from "../../protocol/job-request.ts";
import { parseWorkflow } from "../../spec/workflow/parse-workflow.ts";
import type { JobSpec, StepsJobSpec } from "../../spec/workflow-spec.ts";

export interface RequestOptions {
  /** The folder that all directories of the job stand in. */
  readonly root: string;
  readonly request?: Partial<JobRequest>;
  readonly contexts?: Partial<JobRequest["contexts"]>;
  readonly github?: JsonObject;
  readonly baseEnv?: JobRequest["baseEnv"];
}

/** The request for the job `test` of a workflow, as the build engine would make it. */
export function jobRequestOf(workflow: string, options: RequestOptions): JobRequest {
  const { spec, diagnostics } = parseWorkflow({ path: ".github/workflows/test.yml", content: workflow });
  const job = spec?.jobs.find(({ id }) => id === "test");
  if (spec === undefined || !isStepsJob(job)) {
    throw new Error(`no job "test": ${diagnostics.map(({ message }) => message).join("; ")}`);
  }
  const { root } = options;
  const timeoutMinutes = typeof job.timeoutMinutes === "number" ? job.timeoutMinutes : undefined;
  return {
    protocolVersion: PROTOCOL_VERSION,
    buildId: "build-1",
    jobKey: "test",
    jobId: "test",
    displayName: "test",
    attempt: 1,
    contexts: {
      github: {
        event_name: "push",
        event: { ref: "refs/heads/main" },
        repository: "octo/ship",
        repository_owner: "octo",
        ref: "refs/heads/main",
        ref_name: "main",
        sha: "0123456789abcdef0123456789abcdef01234567",
        actor: "ada",
        server_url: "https://github.com",
        workflow: "test",
        workflow_ref: "octo/ship/.github/workflows/test.yml@refs/heads/main",
        ...options.github,
      },
      vars: {},
      needs: {},
      strategy: {},
      matrix: null,
      inputs: {},
      secrets: {},
      ...options.contexts,
    },
    env: [spec.env, job.env].filter((env) => env !== undefined),
    defaults: [spec.defaults, job.defaults].filter((defaults) => defaults !== undefined),
    steps: job.steps,
    ...(job.outputs === undefined ? {} : { outputs: job.outputs }),
    ...(timeoutMinutes === undefined ? {} : { timeoutMs: timeoutMinutes * 60_000 }),
    cancelTimeoutMs: 60_000,
    masks: [],
    baseEnv: { PATH: process.env.PATH ?? "", HOME: root, ...options.baseEnv },
    directories: {
      workspace: join(root, "work", "ship"),
      temp: join(root, "temp"),
      toolCache: join(root, "tools"),
      actionCache: join(root, "actions"),
    },
    runner: {
      name: "test runner",
      os: "Linux",
      arch: "X64",
      environment: "self-hosted",
      nodePath: process.execPath,
    },
    actions: { url: join(root, "no-server"), local: {}, offline: true },
    checkout: {
      builtin: true,
      repository: "octo/ship",
      serverUrl: "https://github.com",
      source: { kind: "worktree", path: join(root, "source") },
      bound: false,
    },
    debug: false,
    ...options.request,
  };
}

function isStepsJob(job: JobSpec | undefined): job is StepsJobSpec {
  return job?.kind === "steps";
}
