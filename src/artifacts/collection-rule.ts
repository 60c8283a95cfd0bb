import type { JobName } from "../identity/job-tokens.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";
import { isFinal } from "../status.ts";
import type { BuildStore } from "../store/build-store.ts";
import type { KeptArtifact } from "./artifact-catalog.ts";

/** What of a build decides which job's files an artifact is made of. */
export interface CollectingBuild {
  readonly projectId: string;
  readonly rootId: string;
  readonly spec: Pick<WorkflowSpec, "artifacts" | "jobs">;
  /** Keys of jobs of an earlier attempt whose end stands. */
  readonly carried: ReadonlySet<string>;
}

type Kept = Pick<KeptArtifact, "buildId" | "jobKey">;

const REMEMBERED_BUILDS = 200;

/**
 * Which job's files an artifact of a `.platform.yaml` is made of: those of the last job, in the file's order, that has some,
 * whichever ends last; and in a re-run not of what ran again.
 */
export class CollectionRule {
  readonly #builds: Pick<BuildStore, "get" | "snapshot" | "jobs">;
  readonly #known = new Map<string, Promise<CollectingBuild | undefined>>();

  constructor(builds: Pick<BuildStore, "get" | "snapshot" | "jobs">) {
    this.#builds = builds;
  }

  /** Undefined: its pipeline has no such artifacts. */
  build(buildId: string): Promise<CollectingBuild | undefined> {
    let build = this.#known.get(buildId);
    if (!build) {
      const oldest = this.#known.size >= REMEMBERED_BUILDS ? this.#known.keys().next().value : undefined;
      if (oldest !== undefined) this.#known.delete(oldest);
      build = this.#read(buildId);
      this.#known.set(buildId, build);
      build.catch(() => this.#known.delete(buildId));
    }
    return build;
  }

  /** Tells of a kept artifact whether it stays, though this job has files for it: it is of a later job. */
  async staying({ buildId, jobKey }: JobName): Promise<(kept: Kept) => boolean> {
    const build = await this.build(buildId);
    return (kept) => build !== undefined && stays(kept, { buildId, jobKey }, build);
  }

  /** Nothing else of the build is still to run. */
  async isLast({ buildId, jobKey }: Pick<JobName, "buildId" | "jobKey">): Promise<boolean> {
    const jobs = await this.#builds.jobs(buildId);
    return jobs.every(
      ({ kind, key, latest, status }) => kind === "group" || key === jobKey || !latest || isFinal(status),
    );
  }

  async #read(buildId: string): Promise<CollectingBuild | undefined> {
    const { file, content, carried = [] } = await this.#builds.snapshot(buildId);
    if (!/(^|\/)\.platform\.ya?ml$/.test(file)) return undefined;
    const { parsePlatform } = await import("../spec/platform/parse-platform.ts");
    const { spec } = parsePlatform({ path: file, content });
    if (!spec || spec.artifacts.length === 0) return undefined;
    const { projectId, rootId } = await this.#builds.get(buildId);
    return { projectId, rootId, spec, carried: new Set(carried.map(({ key }) => key)) };
  }
}

export function stays(
  kept: Kept,
  { buildId, jobKey }: Pick<JobName, "buildId" | "jobKey">,
  { spec, carried }: CollectingBuild,
): boolean {
  const placeOf = (key: string) => spec.jobs.findIndex(({ id }) => id === key.replace(/\[.*$/, ""));
  const stands = kept.buildId === buildId || carried.has(kept.jobKey);
  return stands && placeOf(kept.jobKey) > placeOf(jobKey);
}
