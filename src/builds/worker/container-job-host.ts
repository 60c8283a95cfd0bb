import type { Clock } from "../../clock.ts";
import type { Executor, IsLiveBuild, IsLiveJob } from "../../executors/executor.ts";
import { containerWorkspace, JOB_PATHS, KIT } from "../../executors/kit/kit-layout.ts";
import type { ActionSources } from "../../protocol/job-request.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { PlacedJob } from "../build-options.ts";
import type { JobHost } from "./job-host.ts";
import type { JobSource } from "./local-job-host.ts";

export interface ContainerJobHostOptions {
  /** Its jobs are in containers, and outlive the worker. */
  readonly executor: Executor;
  /** `runner.name`. */
  readonly name: string;
  readonly actions: ActionSources;
  /** Where an attempt at a job finds its repository, and its right to read it: a token that dies with the job. */
  readonly sourceOf: (build: BuildRecord, job: PlacedJob) => Promise<JobSource>;
  /** Whether an attempt is one that the records still wait for. */
  readonly isLive: IsLiveJob;
  /** Whether any attempt of a build is, or will be. Absent: what jobs of a build share is not swept. */
  readonly isLiveBuild?: IsLiveBuild;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is left of jobs that nobody waits for is looked for so often. */
const SWEEP_EVERY_MS = 5 * 60_000;

/**
 * Runs jobs of a worker in containers, on its machine's Docker or in a cluster. Folders, environment and runner are the
 * container's own: the executor puts them into the request.
 */
export function containerJobHost(options: ContainerJobHostOptions): JobHost {
  const { executor, logger, clock } = options;
  let sweeping: Promise<void> | undefined;
  const sweepOnce = async () => {
    try {
      const count = (await executor.sweep?.(options.isLive, options.isLiveBuild)) ?? 0;
      if (count > 0)
        logger.info({ executor: executor.name, count }, "what was left of dead jobs was removed");
    } catch (error) {
      logger.warn({ executor: executor.name, error }, "what is left of dead jobs could not be looked for");
    }
  };
  const sweep = () => {
    sweeping ??= sweepOnce().finally(() => {
      sweeping = undefined;
    });
    return sweeping;
  };
  const buildEnded = async (buildId: string) => {
    try {
      await executor.releaseBuild?.(buildId);
    } catch (error) {
      logger.debug({ executor: executor.name, buildId, error }, "a shared workspace is left to the sweep");
    }
  };
  let closed = false;
  let stop: () => void = () => {};
  const sweepLater = () => {
    if (closed) return;
    stop = clock.after(SWEEP_EVERY_MS, () => void sweep().then(sweepLater));
  };
  sweepLater();

  return {
    executor,
    async jobEnvironment(build, job) {
      const { repository, serverUrl, url, token } = await options.sourceOf(build, job);
      return {
        baseEnv: {},
        directories: { workspace: containerWorkspace(repository), ...JOB_PATHS },
        runner: {
          name: options.name,
          os: "Linux",
          arch: "X64",
          environment: "self-hosted",
          nodePath: KIT.node,
        },
        actions: options.actions,
        checkout: {
          builtin: true,
          repository,
          serverUrl,
          source: { kind: "git", url, token },
          bound: false,
        },
        debug: false,
        masks: [token],
      };
    },
    buildEnded,
    sweep,
    async close() {
      closed = true;
      stop();
      await sweeping;
      await executor.close?.().catch((error: unknown) => {
        logger.warn({ executor: executor.name, error }, "an executor could not be closed");
      });
    },
  };
}
