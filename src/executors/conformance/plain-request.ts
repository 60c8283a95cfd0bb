import { join } from "node:path";
import type { JobRequest } from "../../protocol/job-request.ts";

/** A request without steps. Its directories stand in `root`; an executor on another machine puts its own in their place. */
export function plainRequest(buildId: string, jobKey: string, root: string): JobRequest {
  return {
    protocolVersion: 1,
    buildId,
    jobKey,
    jobId: "job",
    displayName: `the job ${jobKey}`,
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
    steps: [],
    cancelTimeoutMs: 60_000,
    masks: [],
    baseEnv: { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: root },
    directories: {
      workspace: join(root, "workspace"),
      temp: join(root, "temp"),
      toolCache: join(root, "tools"),
      actionCache: join(root, "actions"),
    },
    runner: {
      name: "test",
      os: "Linux",
      arch: process.arch === "arm64" ? "ARM64" : "X64",
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
  };
}
