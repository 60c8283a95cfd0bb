import { jobBackendId } from "../identity/backend-id.ts";
import type { ArtifactCatalog } from "./artifact-catalog.ts";
import { type CollectorParts, collectArtifacts } from "./collect-artifacts.ts";
import { type CollectingBuild, type CollectionRule, stays } from "./collection-rule.ts";

/** A job that has ended and whose workspace is still there; a `JobRequest` is one. */
export interface EndedJobPlace {
  readonly buildId: string;
  readonly jobKey: string;
  readonly attempt: number;
  readonly directories: { readonly workspace: string };
}

export interface JobCollectorOptions extends Omit<CollectorParts, "retentionDays"> {
  readonly rule: CollectionRule;
  /** Of a project, where the file says nothing. */
  readonly retentionDays: (projectId: string) => Promise<number>;
}

/**
 * Keeps the `artifacts` of `.platform.yaml` pipelines, job by job as they end: an artifact is made of the files of the last
 * job, in the file's order, that has some. For any other pipeline it does nothing.
 */
export class JobArtifactCollector {
  readonly #options: JobCollectorOptions;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: JobCollectorOptions) {
    this.#options = options;
  }

  /**
   * Gives what could not be kept and why, one text each, for a person. That there was nothing of an artifact is told by
   * the last job of the build, where no other had some either.
   */
  async collect(job: EndedJobPlace): Promise<readonly string[]> {
    const build = await this.#options.rule.build(job.buildId);
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
    if (await this.#options.rule.isLast(job)) {
      const kept = new Set((await catalog.list(build.rootId)).map(({ name }) => name));
      for (const [name, problem] of missing) if (!kept.has(name)) untold.delete(problem);
    }
    return problems.filter((problem) => !untold.has(problem));
  }

  /** Those that no later job of the file has kept already. */
  async #ownSpecs({ buildId, jobKey }: EndedJobPlace, build: CollectingBuild, catalog: ArtifactCatalog) {
    const present = await catalog.list(build.rootId);
    return build.spec.artifacts.filter(
      ({ name }) => !present.some((kept) => kept.name === name && stays(kept, { buildId, jobKey }, build)),
    );
  }
}
