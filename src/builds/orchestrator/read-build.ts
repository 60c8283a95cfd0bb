import type { BuildSnapshot, FactRecord } from "../../store/build-record.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import type { JobRecord, StepRecord } from "../../store/job-record.ts";
import type { ProjectRecord } from "../../store/project-record.ts";
import type { RunParts } from "./run-parts.ts";
import { type Patience, untilReached } from "./until-reached.ts";

/** All that a build is run from, and of one that is resumed what the records have of it. */
export interface BuildRecords {
  readonly snapshot: BuildSnapshot;
  readonly project: ProjectRecord;
  /** In memory only. */
  readonly secrets: { readonly [name: string]: string };
  readonly facts: readonly FactRecord[];
  readonly jobs: readonly JobRecord[];
  readonly steps: readonly StepRecord[];
}

export async function readBuild(
  { build, resumed }: ClaimedBuild,
  { store, secretsOf }: RunParts,
  patience: Patience,
): Promise<BuildRecords> {
  const read = <T>(call: () => Promise<T>) => untilReached(patience, call);
  const { id, projectId } = build;
  const [snapshot, project, secrets, facts, jobs, steps] = await Promise.all([
    read(() => store.builds.snapshot(id)),
    read(() => store.projects.getProject(projectId)),
    read(() => secretsOf(projectId)),
    resumed ? read(() => store.builds.facts(id)) : [],
    resumed ? read(() => store.builds.jobs(id)) : [],
    resumed ? read(() => store.builds.steps(id)) : [],
  ]);
  return { snapshot, project, secrets, facts, jobs, steps };
}
