import { sql } from "kysely";
import type { ClaimedBuild, ClaimRequest } from "../build-store.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { BUILD_COLUMNS, buildOfRow, type SelectedBuildRow } from "./build-of-row.ts";
import { IS_RUNNING, IS_WAITING } from "./build-states.ts";

/**
 * Claims take turns over all processes: quotas and fairness are about many rows at once. What a claim looks at are only
 * builds that have not ended.
 */
export function claimBuild(
  engine: Engine,
  request: ClaimRequest,
  now: number,
): Promise<ClaimedBuild | undefined> {
  const values: ClaimValues = {
    owner: request.owner,
    now,
    leaseUntil: now + request.leaseMs,
    maxBuilds: request.maxBuilds,
    maxBuildsPerProject: request.maxBuildsPerProject,
  };
  if (!engine.traits.manyWriters) return claimOne(engine.session, request.prefer, values);
  return engine.transaction(async (session) => {
    await session.hold("claim");
    return claimOne(session, request.prefer, values);
  });
}

async function claimOne(
  session: Session,
  prefer: string | undefined,
  values: ClaimValues,
): Promise<ClaimedBuild | undefined> {
  let row: ClaimedRow | undefined;
  if (prefer !== undefined) [row] = await session.rows(CLAIM_PREFERRED, { ...values, id: prefer });
  if (row === undefined) [row] = await session.rows(CLAIM_LAPSED, values);
  if (row === undefined) [row] = await session.rows(CLAIM_FAIREST, values);
  if (row === undefined) return undefined;
  return {
    build: buildOfRow(row),
    lease: { buildId: row.id, fence: row.fence },
    resumed: row.fence > 1,
    lostLeases: row.lost_leases,
  };
}

interface ClaimValues {
  readonly owner: string;
  readonly now: number;
  readonly leaseUntil: number;
  readonly maxBuilds: number;
  readonly maxBuildsPerProject: number;
}

type ClaimedRow = SelectedBuildRow & { fence: number; lost_leases: number };
type Params = { [K in keyof ClaimValues]: ReturnType<typeof sql<ClaimValues[K]>> };

const TAKEN = (values: Pick<Params, "owner" | "now" | "leaseUntil">) => ({
  status: sql<"running">`'running'`,
  owner: values.owner,
  lease_until: values.leaseUntil,
  // A worker may be quicker than whoever published it.
  queued_at: sql<number>`coalesce(queued_at, ${values.now})`,
  started_at: sql<number>`coalesce(started_at, ${values.now})`,
  fence: sql<number>`fence + 1`,
  // Who gave it back is no more its owner; who died with it still is.
  lost_leases: sql<number>`lost_leases + case when status = 'running' and owner is not null then 1 else 0 end`,
  version: sql<number>`version + 1`,
});

const RUNNING = sql<number>`(select count(*) from builds where status = 'running')`;
const RUNNING_OF = (projectId: ReturnType<typeof sql.ref>) =>
  sql<number>`(select count(*) from builds as r where r.status = 'running' and r.project_id = ${projectId})`;

const CLAIM_PREFERRED = prepared<ClaimValues & { id: string }, ClaimedRow>((db, param) =>
  db
    .updateTable("builds")
    .set(TAKEN({ owner: param("owner"), now: param("now"), leaseUntil: param("leaseUntil") }))
    .where("id", "=", param("id"))
    .where(
      sql<boolean>`(
        status = 'running' and lease_until < ${param("now")}
        or status in ('pending', 'queued')
          and ${RUNNING} < ${param("maxBuilds")}
          and ${RUNNING_OF(sql.ref("builds.project_id"))} < (
            select coalesce(p.max_builds, ${param("maxBuildsPerProject")}) from projects as p where p.id = builds.project_id
          )
      )`,
    )
    .returning([...BUILD_COLUMNS, "fence", "lost_leases"]),
);

const CLAIM_LAPSED = prepared<ClaimValues, ClaimedRow>((db, param) =>
  db
    .updateTable("builds")
    .set(TAKEN({ owner: param("owner"), now: param("now"), leaseUntil: param("leaseUntil") }))
    .where("seq", "=", (eb) =>
      eb
        .selectFrom("builds")
        .select("seq")
        .where(IS_RUNNING)
        .where("lease_until", "<", param("now"))
        .orderBy("lease_until")
        .orderBy("seq")
        .limit(sql.lit(1)),
    )
    .where(IS_RUNNING)
    .where("lease_until", "<", param("now"))
    .returning([...BUILD_COLUMNS, "fence", "lost_leases"]),
);

/**
 * Steps from project to project through the index of waiting builds, so that its cost grows with the projects that
 * wait, not with the builds that do.
 */
const CLAIM_FAIREST = prepared<ClaimValues, ClaimedRow>((db, param) =>
  db
    .updateTable("builds")
    .set(TAKEN({ owner: param("owner"), now: param("now"), leaseUntil: param("leaseUntil") }))
    .where(
      "seq",
      "=",
      sql<number>`(
        with recursive waiting (project_id) as (
          select min(project_id) from builds where ${IS_WAITING}
          union all
          select (select min(b.project_id) from builds as b where b.${IS_WAITING} and b.project_id > w.project_id)
          from waiting as w where w.project_id is not null
        )
        select c.seq from (
          select
            (select min(b.seq) from builds as b where b.${IS_WAITING} and b.project_id = w.project_id) as seq,
            ${RUNNING_OF(sql.ref("w.project_id"))} as running,
            (select coalesce(p.max_builds, ${param("maxBuildsPerProject")}) from projects as p where p.id = w.project_id) as allowed
          from waiting as w where w.project_id is not null
        ) as c
        where c.running < c.allowed and ${RUNNING} < ${param("maxBuilds")}
        order by c.running, c.seq
        limit 1
      )`,
    )
    // Again, for the row as it is when it is locked: it may have been cancelled meanwhile.
    .where(IS_WAITING)
    .returning([...BUILD_COLUMNS, "fence", "lost_leases"]),
);
