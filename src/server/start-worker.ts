import { arch, availableParallelism, hostname, platform } from "node:os";
import type { RunParts } from "../builds/orchestrator/run-parts.ts";
import { startClaimedBuild } from "../builds/orchestrator/start-claimed-build.ts";
import type { ContainerJobHostOptions } from "../builds/worker/container-job-host.ts";
import type { JobHost } from "../builds/worker/job-host.ts";
import { joinJobHosts } from "../builds/worker/job-hosts.ts";
import { localJobHost } from "../builds/worker/local-job-host.ts";
import { Worker } from "../builds/worker/worker.ts";
import { repositoryName } from "../github-context/repository-name.ts";
import { newId } from "../new-id.ts";
import { reusableWorkflows } from "../pipelines/reusable-workflows.ts";
import type { ActionSources } from "../protocol/job-request.ts";
import { installationId } from "./installation-id.ts";
import { liveBuilds, liveJobs } from "./live-jobs.ts";
import type { SharedParts } from "./shared-parts.ts";

/** What `github.server_url` says to jobs: GitHub's own clients refuse to work for any other host. */
const GITHUB_URL = "https://github.com";

/** What every host of jobs in containers is built from. */
export interface ContainerHostParts extends Omit<ContainerJobHostOptions, "executor"> {
  readonly shared: SharedParts;
  readonly installation: string;
  /** Of one machine's daemon. */
  readonly maxJobs: number;
}

/** Starts the role worker: claims builds and runs their jobs where the settings say. */
export async function startWorker(parts: SharedParts): Promise<void> {
  const { config, host, folder, store, queue, events, clock, logger, metrics, closers, services } = parts;
  const env = jobEnvironmentOf(config["worker.environment"], host.env);
  const actions: ActionSources = {
    url: config["actions.url"],
    local: {},
    offline: config["actions.offline"],
    bundled: host.bundledActions,
  };
  const sourceOf: ContainerJobHostOptions["sourceOf"] = async (build, job) => {
    const project = await store.projects.getProject(build.projectId);
    const source = await services.checkoutSource({ ...job, buildId: build.id }, build.projectId);
    return { repository: repositoryName(project.name), serverUrl: GITHUB_URL, ...source };
  };
  const maxJobs = config["worker.max-jobs"] ?? availableParallelism();
  const hosts = await Promise.all(
    [...new Set(config["worker.executors"])].map(async (name) => {
      if (name === "local") return hostOfThisMachine(parts, { env, actions, sourceOf, maxJobs });
      const host: ContainerHostParts = {
        shared: parts,
        installation: config.installation ?? (await installationId(parts.blobs.store, newId(clock.now()))),
        name: hostname(),
        actions,
        sourceOf,
        isLive: liveJobs(store.builds),
        isLiveBuild: liveBuilds(store.builds),
        maxJobs,
        clock,
        logger,
      };
      if (name === "docker") return (await import("./docker-host.ts")).startDockerHost(host);
      return (await import("./kubernetes-host.ts")).startKubernetesHost(host);
    }),
  );
  const jobs = joinJobHosts(hosts);
  closers.add("workspaces", () => jobs.close());
  void jobs.sweep();

  const runParts: RunParts = {
    store,
    logs: parts.logs,
    events,
    clock,
    logger,
    metrics,
    tracer: parts.tracer,
    chooseExecutor: jobs.chooseExecutor,
    jobEnvironment: jobs.jobEnvironment,
    services,
    secretsOf: (projectId, environment) => parts.vault.reveal(projectId, environment),
    loadWorkflow: (build) => async (uses, from, signal) => {
      const project = await store.projects.getProject(build.projectId);
      const load = reusableWorkflows({
        readOwn: (path) => parts.repositories.readFile(project, build.sha, path),
        actions,
        checkout: {
          builtin: true,
          repository: repositoryName(project.name),
          serverUrl: GITHUB_URL,
          source: { kind: "git", url: project.repositoryUrl },
          bound: false,
        },
        actionCache: folder.actions,
        env,
        now: () => clock.now(),
        log: (line) => logger.debug({ buildId: build.id }, line),
      });
      return await load(uses, from, signal);
    },
    limits: {
      maxJobs: config["limits.jobs"],
      maxJobsPerProject: config["limits.jobs-per-project"],
      maxBuildMinutes: config["limits.build-minutes"],
    },
    infrastructureRetry: {
      limit: config["worker.infrastructure-retries"],
      delayMs: (attempt) => Math.min(60_000, 1_000 * 4 ** (attempt - 2)),
    },
  };
  const worker = new Worker({
    owner: `${hostname()}:${host.pid}:${newId(clock.now())}`,
    store,
    queue,
    events,
    startBuild: (claim) => startClaimedBuild(claim, runParts),
    onBuildEnded: (buildId) => void jobs.buildEnded(buildId),
    maxBuilds: config["worker.max-builds"],
    limits: { maxBuilds: config["limits.builds"], maxBuildsPerProject: config["limits.builds-per-project"] },
    leaseMs: config["worker.lease"],
    clock,
    logger,
    metrics,
  });
  await worker.start();
  closers.add("worker", () => worker.drain(config["stop-timeout"]));
}

interface OwnMachine extends Pick<ContainerHostParts, "actions" | "sourceOf" | "maxJobs"> {
  readonly env: { readonly [name: string]: string };
}

function hostOfThisMachine(parts: SharedParts, { env, actions, sourceOf, maxJobs }: OwnMachine): JobHost {
  const { config, host, folder, services, clock, logger } = parts;
  return localJobHost({
    folder: folder.work,
    toolCache: folder.tools,
    actionCache: folder.actions,
    program: { ...host.runner, env },
    env,
    host: { platform: platform(), arch: arch() },
    name: hostname(),
    nodePath: host.nodePath,
    labels: config["worker.labels"],
    maxJobs,
    actions,
    sourceOf,
    beforeRelease: async (request) => {
      try {
        return await services.collectArtifacts(request);
      } catch (error) {
        const { buildId, jobKey } = request;
        logger.warn({ buildId, jobKey, error }, "the artifacts of a job could not be kept");
        return [`Its artifacts could not be kept: ${error instanceof Error ? error.message : String(error)}`];
      }
    },
    pid: host.pid,
    clock,
    logger,
  });
}

/** Of this process's environment only what is named: the rest may hold what no job is to see. */
function jobEnvironmentOf(
  names: readonly string[],
  env: { readonly [name: string]: string | undefined },
): { readonly [name: string]: string } {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
