import { join } from "node:path";
import { type JobRequest, PROTOCOL_VERSION } from "../../protocol/job-request.ts";
import type { StepSpec } from "../../spec/workflow-spec.ts";

/** A job of these scripts, whose folders are below `root`. */
export function trialRequest(
  root: string,
  scripts: readonly string[],
  more: Partial<JobRequest> = {},
): JobRequest {
  const steps: StepSpec[] = scripts.map((run, index) => ({
    kind: "run",
    background: false,
    run,
    shell: "sh",
    at: { line: index + 1, column: 1 },
  }));
  return {
    protocolVersion: PROTOCOL_VERSION,
    buildId: "build",
    jobKey: "job",
    jobId: "job",
    displayName: "the job",
    attempt: 1,
    contexts: {
      github: { repository: "me/project", ref: "refs/heads/main", server_url: "https://github.test" },
      vars: {},
      needs: {},
      strategy: {},
      matrix: {},
      inputs: {},
      secrets: {},
    },
    env: [],
    defaults: [],
    steps,
    cancelTimeoutMs: 60_000,
    masks: [],
    baseEnv: { PATH: "/of/the/request" },
    directories: {
      workspace: join(root, "workspace"),
      temp: join(root, "_temp"),
      control: join(root, "_control"),
      toolCache: join(root, "_tools"),
      actionCache: join(root, "_actions"),
    },
    runner: {
      name: "test",
      os: "Linux",
      arch: "X64",
      environment: "self-hosted",
      nodePath: process.execPath,
    },
    actions: { url: `file://${root}/none`, local: {}, offline: true },
    checkout: {
      builtin: true,
      repository: "me/project",
      serverUrl: "https://github.test",
      source: { kind: "worktree", path: join(root, "source") },
      bound: false,
    },
    debug: false,
    ...more,
  };
}
