import { ExecError } from "../../errors.ts";
import { FakeExecutor, type FakeExecutorOptions } from "../../executors/fake/fake-executor.ts";
import type { BuildClock } from "../build-clock.ts";
import type { BuildEvent } from "../build-event.ts";
import type { BuildEnd, BuildOptions } from "../build-options.ts";
import { runBuild } from "../run-build.ts";
import { specOf } from "./spec-of.ts";

export interface FakeBuild {
  readonly executor: FakeExecutor;
  readonly events: BuildEvent[];
  readonly end: Promise<BuildEnd>;
  readonly cancel: () => void;
  readonly kill: () => void;
  /** Resolves once an event was handed on that fits. */
  seen(fits: (event: BuildEvent) => boolean): Promise<BuildEvent>;
}

export type FakeBuildOptions = Partial<BuildOptions> & {
  readonly executorOptions?: FakeExecutorOptions;
  /** Reusable workflows by what `uses` names them. */
  readonly workflows?: { readonly [uses: string]: string };
};

/** Starts a build of this workflow on a fake executor. */
export function startFakeBuild(yaml: string, options: FakeBuildOptions = {}): FakeBuild {
  const { executorOptions = {}, workflows = {}, ...given } = options;
  const executor = new FakeExecutor(executorOptions);
  const events: BuildEvent[] = [];
  const waiting = new Set<(event: BuildEvent) => void>();
  const cancel = new AbortController();
  const kill = new AbortController();
  const end = runBuild({
    spec: specOf(yaml),
    buildId: "b1",
    github: { event_name: "push", ref: "refs/heads/main", sha: "abc", repository: "owner/repo" },
    vars: {},
    secrets: {},
    inputs: {},
    chooseExecutor: () => executor,
    jobEnvironment: ({ jobKey }) => ({
      baseEnv: {},
      directories: { workspace: `/w/${jobKey}`, temp: "/t", toolCache: "/tc", actionCache: "/ac" },
      runner: { name: "fake", os: "Linux", arch: "X64", environment: "self-hosted", nodePath: "node" },
      actions: { url: "https://example.org", local: {}, offline: true },
      checkout: {
        builtin: true,
        repository: "owner/repo",
        serverUrl: "https://example.org",
        source: { kind: "worktree", path: "/repo" },
        bound: false,
      },
      debug: false,
    }),
    loadWorkflow: async (uses) => {
      const text = workflows[uses];
      if (text === undefined) throw new ExecError("NotFound", `There is no ${uses}`);
      return { spec: specOf(text, uses), content: text, origin: { file: uses } };
    },
    sink: (event) => {
      events.push(event);
      for (const look of waiting) look(event);
    },
    signal: cancel.signal,
    kill: kill.signal,
    clock: stillClock,
    ...given,
  });
  return {
    executor,
    events,
    end,
    cancel: () => cancel.abort(),
    kill: () => kill.abort(),
    seen: (fits) => {
      const already = events.find(fits);
      if (already !== undefined) return Promise.resolve(already);
      return new Promise((resolve) => {
        const look = (event: BuildEvent) => {
          if (!fits(event)) return;
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
      });
    },
  };
}

/** Runs a build to its end; its jobs by name, as they ended. */
export async function fakeBuild(
  yaml: string,
  options: FakeBuildOptions = {},
): Promise<FakeBuild & { result: string; error: string | undefined; jobs: { [name: string]: string } }> {
  const build = startFakeBuild(yaml, options);
  const { result, error } = await build.end;
  return { ...build, result, error, jobs: resultsOf(build.events) };
}

/** Results by the names jobs were added with. */
export function resultsOf(events: readonly BuildEvent[]): { [name: string]: string } {
  const names = new Map<string, string>();
  const results: { [name: string]: string } = {};
  for (const event of events) {
    if (event.type === "job.added") names.set(event.job, event.name);
    if (event.type === "job.finished") results[names.get(event.job) ?? event.job] = event.result;
  }
  return results;
}

/** Time stands still; a wait only ends by its signal. */
export const stillClock: BuildClock = {
  now: () => 1_000,
  monotonic: () => 0,
  wait: (_ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    }),
};

/** Every wait ends at once. */
export const hurriedClock: BuildClock = { ...stillClock, wait: () => Promise.resolve() };
