import { sql } from "kysely";
import type { BuildLease } from "../build-record.ts";
import type { CancelWish } from "../build-store.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { inChunks } from "../in-chunks.ts";
import { IS_RUNNING } from "./build-states.ts";

/** Prolongs leases; gives those that are the owner's no more. */
export async function heartbeat(
  engine: Engine,
  owner: string,
  leases: readonly BuildLease[],
  leaseUntil: number,
): Promise<readonly BuildLease[]> {
  if (leases.length === 0) return [];
  const kept = await engine.transaction(async (session) => {
    const found: string[] = [];
    for (const lease of inLockOrder(leases)) {
      const rows = await session.rows(PROLONG, { ...lease, owner, leaseUntil });
      found.push(...rows.map(({ id, fence }) => `${fence} ${id}`));
    }
    return new Set(found);
  });
  return leases.filter(({ buildId, fence }) => !kept.has(`${fence} ${buildId}`));
}

/** The lease ends now, and with it what its holder may still try. */
export async function releaseBuilds(engine: Engine, leases: readonly BuildLease[]): Promise<void> {
  if (leases.length === 0) return;
  await engine.transaction(async (session) => {
    for (const lease of inLockOrder(leases)) await session.change(RELEASE, lease);
  });
}

export function releaseAll(engine: Engine): Promise<number> {
  return engine.session.change(RELEASE_ALL, {});
}

export async function cancelWishes(
  engine: Engine,
  buildIds: readonly string[],
): Promise<readonly CancelWish[]> {
  const wishes: CancelWish[] = [];
  for (const ids of inChunks(buildIds, 500)) {
    const rows = await engine.session.query(
      engine.db
        .selectFrom("builds")
        .select(["id", "cancel_reason"])
        .where("id", "in", ids)
        .where(IS_RUNNING)
        .where("cancel_reason", "is not", null)
        .compile(),
    );
    wishes.push(...rows.map(({ id, cancel_reason }) => ({ buildId: id, reason: cancel_reason ?? "" })));
  }
  return wishes;
}

/** Two that lock several builds lock them in the same order, and so never wait for each other. */
function inLockOrder(leases: readonly BuildLease[]): readonly BuildLease[] {
  return leases.toSorted((a, b) => (a.buildId < b.buildId ? -1 : 1));
}

const PROLONG = prepared<BuildLease & { owner: string; leaseUntil: number }, { id: string; fence: number }>(
  (db, param) =>
    db
      .updateTable("builds")
      .set({ lease_until: param("leaseUntil") })
      .where("id", "=", param("buildId"))
      .where("fence", "=", param("fence"))
      .where("owner", "=", param("owner"))
      .where(IS_RUNNING)
      .returning(["id", "fence"]),
);

const RELEASE = prepared<BuildLease, unknown>((db, param) =>
  db
    .updateTable("builds")
    .set({ lease_until: sql`0`, owner: null, fence: sql`fence + 1` })
    .where("id", "=", param("buildId"))
    .where("fence", "=", param("fence"))
    .where(IS_RUNNING),
);

const RELEASE_ALL = prepared<object, unknown>((db) =>
  db
    .updateTable("builds")
    .set({
      lease_until: sql`0`,
      owner: null,
      fence: sql`fence + 1`,
      lost_leases: sql<number>`lost_leases + case when owner is not null then 1 else 0 end`,
    })
    .where(IS_RUNNING),
);
