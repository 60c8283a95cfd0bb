import { onTestFinished } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import type { Status } from "../status.ts";
import type { BuildRecord } from "../store/build-record.ts";
import type { ClaimedBuild } from "../store/build-store.ts";
import { openStore } from "../store/open-store.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import type { Store } from "../store/store.ts";
import { silentLogger } from "../telemetry/logger.ts";

const START = Date.UTC(2026, 0, 1);

/** Records in memory, in which builds and their jobs are run by hand. */
export interface JobRecords {
  readonly store: Store;
  readonly clock: FakeClock;
  project(id: string, change?: Partial<ProjectRecord>): Promise<ProjectRecord>;
  /** One that runs, with a job `test` that runs. */
  build(id: string, change?: BuildChange): Promise<ClaimedBuild>;
  /** Adds a job that runs, or another attempt at one; gives its record's id. */
  job(claim: ClaimedBuild, key: string, attempt?: number): Promise<string>;
  end(claim: ClaimedBuild, key: string, attempt?: number, status?: Status): Promise<void>;
}

interface BuildChange {
  readonly projectId?: string;
  readonly rerunOf?: string;
  readonly sha?: string;
  readonly file?: string;
  readonly content?: string;
  readonly carried?: readonly string[];
}

export async function jobRecords(): Promise<JobRecords> {
  const clock = new FakeClock();
  clock.advance(START);
  const store = await openStore({ kind: "sqlite", file: ":memory:" }, { clock, logger: silentLogger });
  onTestFinished(() => store.close());
  const idOf = (claim: ClaimedBuild, key: string, attempt: number) => `${claim.build.id}/${key}/${attempt}`;
  const move = (claim: ClaimedBuild, job: string, to: Status) =>
    store.builds.advance(claim.lease, [{ kind: "job-changed", job, to, at: clock.now() }]);
  let position = 0;

  const records: JobRecords = {
    store,
    clock,
    project: (id, change = {}) =>
      store.projects.createProject({
        ...{ id, name: `acme/${id}`, repositoryUrl: `/srv/${id}`, defaultBranch: "main", settings: {} },
        ...{ createdAt: clock.now(), updatedAt: clock.now() },
        ...change,
      }),
    async build(id, change = {}) {
      const { projectId = "p1", sha = "1".repeat(40), rerunOf, file = "ci.yml", content = "" } = change;
      const carried = (change.carried ?? []).map((key) => ({
        ...{ key, jobId: key, outcome: "success" as const, outputs: {} },
      }));
      await store.builds.create(
        {
          ...{ id, projectId, pipelineId: "pipeline", trigger: "api", event: "push", ref: "refs/heads/main" },
          ...{ sha, workflow: "ci", title: "ci", actor: "me", createdAt: clock.now() },
          ...(rerunOf === undefined ? {} : { rerunOf }),
        },
        { file, content, github: {}, inputs: {}, vars: {}, carried },
      );
      const claim = await store.builds.claim({
        ...{ owner: "w", leaseMs: 60_000, prefer: id, maxBuilds: 1000, maxBuildsPerProject: 1000 },
      });
      if (claim?.build.id !== id) throw new Error(`the build ${id} could not be claimed`);
      await records.job(claim, "test");
      return claim;
    },
    async job(claim, key, attempt = 1) {
      const id = idOf(claim, key, attempt);
      position += 1;
      const names = { id, buildId: claim.build.id, key, jobId: key, name: key, kind: "job" } as const;
      const job = { ...names, needs: [], position, attempt, createdAt: clock.now() };
      await store.builds.advance(claim.lease, [{ kind: "job-added", job }]);
      await move(claim, id, "running");
      return id;
    },
    async end(claim, key, attempt = 1, status = "succeeded") {
      await move(claim, idOf(claim, key, attempt), status);
    },
  };
  return records;
}

/** A job of it, as the services name one. */
export function jobOf({ build }: { readonly build: Pick<BuildRecord, "id"> }, jobKey = "test", attempt = 1) {
  return { buildId: build.id, jobKey, attempt };
}
