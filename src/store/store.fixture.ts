import { FakeClock } from "../fake-clock.ts";
import { newId } from "../new-id.ts";
import type { BuildChange, NewJob, NewStep } from "./build-change.ts";
import type { BuildRecord, BuildSnapshot } from "./build-record.ts";
import type { ClaimedBuild, ClaimRequest, NewBuild } from "./build-store.ts";
import type { ProjectRecord } from "./project-record.ts";
import type { Store } from "./store.ts";

/** A store under test, and short ways to fill it. */
export interface TestStore {
  readonly store: Store;
  readonly clock: FakeClock;
  /** Takes away all projects and what belongs to them. */
  clear(): Promise<void>;
  project(change?: Partial<ProjectRecord>): Promise<ProjectRecord>;
  /** `pending`, of a new project unless one is named. */
  build(change?: Partial<NewBuild>): Promise<BuildRecord>;
  /** Claims this one, whatever the quotas. */
  running(change?: Partial<NewBuild>): Promise<ClaimedBuild>;
}

export const SNAPSHOT: Omit<BuildSnapshot, "buildId"> = {
  file: ".workflows/ci.yml",
  content: "jobs: {}",
  github: { event: {} },
  inputs: {},
  vars: {},
};

export const CLAIM: ClaimRequest = {
  owner: "worker",
  leaseMs: 30_000,
  maxBuilds: 1000,
  maxBuildsPerProject: 1000,
};

export async function testStore(open: (clock: FakeClock) => Promise<Store>): Promise<TestStore> {
  const clock = new FakeClock();
  clock.advance(1_700_000_000_000);
  const store = await open(clock);
  const project = (change: Partial<ProjectRecord> = {}) => {
    const id = newId(clock.now());
    return store.projects.createProject({
      id,
      name: `team/${id}`,
      repositoryUrl: "/srv/git/demo",
      defaultBranch: "main",
      settings: {},
      createdAt: clock.now(),
      updatedAt: clock.now(),
      ...change,
    });
  };
  const build = async (change: Partial<NewBuild> = {}) =>
    store.builds.create(newBuild(clock, change.projectId ?? (await project()).id, change), SNAPSHOT);
  return {
    store,
    clock,
    async clear() {
      await store.builds.releaseAll();
      for (;;) {
        const page = await store.builds.list({ status: ["running"] }, { limit: 200 });
        for (const { id } of page.items) await store.builds.fail(id, "cleared", clock.now());
        if (page.next === undefined) break;
      }
      for (;;) {
        const page = await store.projects.listProjects({ limit: 200 });
        for (const { id } of page.items) await store.projects.deleteProject(id);
        if (page.next === undefined) break;
      }
    },
    project,
    build,
    async running(change) {
      const { id } = await build(change);
      const claimed = await store.builds.claim({ ...CLAIM, prefer: id });
      if (claimed?.build.id !== id) throw new Error("the build could not be claimed");
      return claimed;
    },
  };
}

export function newBuild(clock: FakeClock, projectId: string, change: Partial<NewBuild> = {}): NewBuild {
  return {
    id: newId(clock.now()),
    projectId,
    pipelineId: "pipeline",
    trigger: "api",
    event: "workflow_dispatch",
    ref: "refs/heads/main",
    sha: "0123456789abcdef0123456789abcdef01234567",
    workflow: "ci",
    title: "ci",
    actor: "admin",
    createdAt: clock.now(),
    ...change,
  };
}

export function newJob(buildId: string, change: Partial<NewJob> = {}): NewJob {
  return {
    id: newId(0),
    buildId,
    key: "test",
    jobId: "test",
    name: "Test",
    kind: "job",
    needs: [],
    position: 1,
    attempt: 1,
    createdAt: 1_000,
    ...change,
  };
}

export function newStep(buildId: string, jobId: string, change: Partial<NewStep> = {}): NewStep {
  return {
    id: newId(0),
    buildId,
    jobId,
    number: 1,
    name: "Run make",
    stage: "main",
    type: "run",
    background: false,
    ...change,
  };
}

export function jobAdded(job: NewJob): BuildChange {
  return { kind: "job-added", job };
}

export function stepAdded(step: NewStep): BuildChange {
  return { kind: "step-added", step };
}
