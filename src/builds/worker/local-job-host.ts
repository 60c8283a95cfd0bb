import type { Clock } from "../../clock.ts";
import { sweepDeadRuns } from "../../executors/local/dead-runs.ts";
import { JobFolders } from "../../executors/local/job-folders.ts";
import { LocalExecutor } from "../../executors/local/local-executor.ts";
import type { LocalHost } from "../../executors/local/local-labels.ts";
import { memoryFolder } from "../../executors/local/memory-folder.ts";
import type { RunnerProgram } from "../../executors/local/runner-process.ts";
import { thisMachine } from "../../executors/local/this-machine.ts";
import type { ActionSources, JobRequest } from "../../protocol/job-request.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { PlacedJob } from "../build-options.ts";
import { HostedExecutor } from "./hosted-executor.ts";
import type { JobHost } from "./job-host.ts";

export interface LocalJobHostOptions {
  /** Below it jobs get their workspaces. It must be there. */
  readonly folder: string;
  /** Shared by jobs; made when needed. */
  readonly toolCache: string;
  readonly actionCache: string;
  /** How a runner process is started. */
  readonly program: RunnerProgram;
  /** What jobs see of the machine's environment: nothing else of it. */
  readonly env: { readonly [name: string]: string };
  readonly host: LocalHost;
  /** `runner.name`. */
  readonly name: string;
  /** The node that runs JavaScript actions. */
  readonly nodePath: string;
  /** Of `runs-on`, that mean this machine besides its own and the usual hosted ones. */
  readonly labels: readonly string[];
  /** Jobs that run here at once, of all builds. */
  readonly maxJobs: number;
  readonly actions: ActionSources;
  /** Where an attempt at a job finds its repository, and its right to read it: a token that dies with the job. */
  readonly sourceOf: (build: BuildRecord, job: PlacedJob) => Promise<JobSource>;
  /**
   * Sees what a job left in its workspace before that goes: one that ran to its end, not one that was cut short, as it may
   * run elsewhere by then. What it gives is told to the job's user, what it throws is logged.
   */
  readonly beforeRelease?: (request: JobRequest) => Promise<readonly string[]>;
  /** Of this process. */
  readonly pid: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface JobSource {
  /** `owner/name`, as `github.repository`. */
  readonly repository: string;
  /** `github.server_url`. */
  readonly serverUrl: string;
  /** Of the repository, for `git clone`. */
  readonly url: string;
  readonly token: string;
}

/**
 * Runs jobs of a worker on its own machine, each in a runner process that ends what it started should the worker die.
 * Every attempt has folders of its own, which go when it has ended. Throws `ExecError` where none can be made.
 */
export function localJobHost(options: LocalJobHostOptions): JobHost {
  const { host, logger, actions } = options;
  const folders = new JobFolders({
    temp: options.folder,
    toolCache: options.toolCache,
    actionCache: options.actionCache,
    name: "work",
    bound: undefined,
    memory: memoryFolder(options.pid),
    keep: false,
  });
  /** Whose folders are, by the temporary one: two attempts never share an owner, so that a late end frees nothing of a newer one. */
  const owners = new Map<string, string>();
  let attempts = 0;

  const executor = new HostedExecutor({
    executor: new LocalExecutor({
      mode: "process",
      program: options.program,
      labels: options.labels,
      labelHint: "Labels of a worker's machine are set with worker.labels.",
      host,
      clock: options.clock,
    }),
    maxJobs: options.maxJobs,
    release: async (request, end) => {
      const { buildId, jobKey, directories } = request;
      let told: readonly string[] = [];
      try {
        if (end.kind === "reported" && end.final.result !== "cancelled")
          told = (await options.beforeRelease?.(request)) ?? [];
      } catch (error) {
        logger.warn({ buildId, jobKey, error }, "what a job left could not be looked at");
      }
      const owner = owners.get(directories.temp);
      owners.delete(directories.temp);
      if (owner !== undefined) folders.release(owner, jobKey);
      return told;
    },
    now: () => options.clock.now(),
  });

  return {
    executor,

    async jobEnvironment(build, job) {
      const { repository, serverUrl, url, token } = await options.sourceOf(build, job);
      attempts += 1;
      const owner = `${build.id}:${attempts}`;
      const name = repository.slice(repository.lastIndexOf("/") + 1);
      const directories = folders.directoriesFor(owner, {
        ...job,
        repository: name,
        ...(job.sharesWorkspace === true ? { sharedBy: build.id } : {}),
      });
      owners.set(directories.temp, owner);
      return {
        baseEnv: options.env,
        directories,
        runner: {
          name: options.name,
          ...thisMachine(host),
          environment: "self-hosted",
          nodePath: options.nodePath,
        },
        actions,
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

    buildEnded: (buildId) => folders.releaseBuild(buildId),
    sweep: () => sweepDeadRuns(options.folder),
    close: () => folders.close(),
  };
}
