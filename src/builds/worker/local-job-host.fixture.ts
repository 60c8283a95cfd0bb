import { fileURLToPath } from "node:url";
import { systemClock } from "../../clock.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import type { JobEnvironment } from "../build-options.ts";
import type { JobHost } from "./job-host.ts";
import { type LocalJobHostOptions, localJobHost } from "./local-job-host.ts";

const RUNNER = fileURLToPath(new URL("../../executors/local/runner-main.ts", import.meta.url));

/** A host below this folder that runs the real runner from its source. */
export function hostIn(folder: string, path: string, options: Partial<LocalJobHostOptions> = {}): JobHost {
  return localJobHost({
    folder,
    toolCache: `${folder}/tools`,
    actionCache: `${folder}/actions`,
    program: { file: process.execPath, args: [RUNNER], env: { PATH: path } },
    env: { PATH: path, FROM_WORKER: "seen" },
    host: { platform: process.platform, arch: process.arch },
    name: "machine",
    nodePath: process.execPath,
    labels: ["Big"],
    maxJobs: 2,
    actions: { url: "https://example.org", local: {}, offline: true },
    sourceOf: async ({ projectId }, { jobKey }) => ({
      repository: `owner/${projectId}`,
      serverUrl: "https://slipway.test",
      url: `https://slipway.test/git/${projectId}.git`,
      token: `token-of-${jobKey}`,
    }),
    pid: process.pid,
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
}

export const build = { id: "b1", projectId: "app" } as BuildRecord;

export function jobCalled(jobKey: string, attempt = 1) {
  return { jobKey, jobId: jobKey, displayName: jobKey, attempt, executor: "local" as const };
}

/** What a build would ask of the host's executor: one step with this script. */
export function requestOf(jobKey: string, script: string, environment: JobEnvironment): JobRequest {
  const { masks = [], ...place } = environment;
  return {
    protocolVersion: 1,
    buildId: build.id,
    ...jobCalled(jobKey),
    contexts: {
      github: { repository: "owner/app", ref: "refs/heads/main", server_url: "https://slipway.test" },
      vars: {},
      needs: {},
      strategy: {},
      matrix: {},
      inputs: {},
      secrets: {},
    },
    env: [],
    defaults: [],
    steps: [{ kind: "run", run: script, background: false, at: { line: 1, column: 1 } }],
    cancelTimeoutMs: 60_000,
    masks,
    ...place,
  };
}
