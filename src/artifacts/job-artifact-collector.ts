import { jobBackendId } from "../identity/backend-id.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";
import { isFinal } from "../status.ts";
import type { BuildStore } from "../store/build-store.ts";
import type { ArtifactCatalog } from "./artifact-catalog.ts";
import { type CollectorParts, collectArtifacts } from "./collect-artifacts.ts";

/** A job that has ended and whose workspace is still there; a `JobRequest` is one. */
export interface EndedJobPlace {
  readonly buildId: string;
  readonly jobKey: string;
  readonly attempt: number;
  readonly directories: { readonly workspace: string };
}

export interface JobCollectorOptions extends Omit<CollectorParts, "retentionDays"> {
  readonly builds: Pick<BuildStore, "get" | "snapshot" | "jobs">;
  /** Of a project, where the file says nothing. */
  readonly retentionDays: (projectId: string) => Promise<number>;
}

/** What of a build decides which job's files an artifact is made of. */
interface CollectingBuild {
  readonly projectId: string;
  readonly rootId: string;
  readonly spec: Pick<WorkflowSpec, "artifacts" | "jobs">;
  /** Keys of jobs of an earlier attempt whose end stands. */
  readonly carried: ReadonlySet<string>;
}

const REMEMBERED_BUILDS = 200;

/**
 * Keeps the `artifacts` of `.platform.yaml` pipelines, job by job as they end: an artifact is made of the files of the last
 * job, in the file's order, that has some. For any other pipeline it does nothing.
 */
export class JobArtifactCollector {
  readonly #options: JobCollectorOptions;
  readonly #builds = new Map<string, Promise<CollectingBuild | undefined>>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: JobCollectorOptions) {
    this.#options = options;
  }

  /**
   * Gives what could not be kept and why, one text each, for a person. That there was nothing of an artifact is told by
   * the last job of the build, where no other had some either.
   */
  async collect(job: EndedJobPlace): Promise<readonly string[]> {
    const build = await this.#build(job.buildId);
    if (!build) return [];
    // One after the other: two that end together must not both find that the other has kept nothing yet.
    const before = this.#turns.get(build.rootId);
    const turn = (before ?? Promise.resolve()).catch(() => undefined).then(() => this.#collect(job, build));
    this.#turns.set(build.rootId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(build.rootId) === turn) this.#turns.delete(build.rootId);
    }
  }

  async #collect(job: EndedJobPlace, build: CollectingBuild): Promise<readonly string[]> {
    const { catalog, uploads, clock, retentionDays } = this.#options;
    const specs = await this.#ownSpecs(job, build, catalog);
    if (specs.length === 0) return [];
    const parts = { catalog, uploads, clock, retentionDays: await retentionDays(build.projectId) };
    const { problems, missing } = await collectArtifacts(parts, {
      ...{ buildId: job.buildId, jobKey: job.jobKey, attempt: job.attempt, specs },
      runId: build.rootId,
      space: build.projectId,
      jobBackendId: jobBackendId(job),
      workspace: job.directories.workspace,
    });
    if (missing.size === 0) return problems;
    const untold = new Set(missing.values());
    if (await this.#isLast(job)) {
      const kept = new Set((await catalog.list(build.rootId)).map(({ name }) => name));
      for (const [name, problem] of missing) if (!kept.has(name)) untold.delete(problem);
    }
    return problems.filter((problem) => !untold.has(problem));
  }

  /** Nothing else of the build is still to run. */
  async #isLast({ buildId, jobKey }: EndedJobPlace): Promise<boolean> {
    const jobs = await this.#options.builds.jobs(buildId);
    return jobs.every(
      ({ kind, key, latest, status }) => kind === "group" || key === jobKey || !latest || isFinal(status),
    );
  }

  /** Those that no later job of the file has kept already. */
  async #ownSpecs({ buildId, jobKey }: EndedJobPlace, build: CollectingBuild, catalog: ArtifactCatalog) {
    const present = await catalog.list(build.rootId);
    const placeOf = (key: string) => build.spec.jobs.findIndex(({ id }) => id === key.replace(/\[.*$/, ""));
    return build.spec.artifacts.filter(({ name }) => {
      const kept = present.find((artifact) => artifact.name === name);
      const stands = kept?.buildId === buildId || (kept && build.carried.has(kept.jobKey));
      return !(kept && stands && placeOf(kept.jobKey) > placeOf(jobKey));
    });
  }

  #build(buildId: string): Promise<CollectingBuild | undefined> {
    let build = this.#builds.get(buildId);
    if (!build) {
      const oldest = this.#builds.size >= REMEMBERED_BUILDS ? this.#builds.keys().next().value : undefined;
      if (oldest !== undefined) this.#builds.delete(oldest);
      build = this.#read(buildId);
      this.#builds.set(buildId, build);
      build.catch(() => this.#builds.delete(buildId));
    }
    return build;
  }

  async #read(buildId: string): Promise<CollectingBuild | undefined> {
    const { builds } = this.#options;
    const { file, content, carried = [] } = await builds.snapshot(buildId);
    if (!/(^|\/)\.platform\.ya?ml$/.test(file)) return undefined;
    const { parsePlatform } = await import("../spec/platform/parse-platform.ts");
    const { spec } = parsePlatform({ path: file, content });
    if (!spec || spec.artifacts.length === 0) return undefined;
    const { projectId, rootId } = await builds.get(buildId);
    return { projectId, rootId, spec, carried: new Set(carried.map(({ key }) => key)) };
  }
}
