import { holdLease } from "../builds/hold-lease.ts";
import type { Engine, Session } from "../engine/engine.ts";
import type { GroupEntry, GroupHolder, GroupPlacement, GroupStore } from "../group-store.ts";
import type { GroupPlaceRow } from "../tables/turn-tables.ts";
import * as places from "./group-places.ts";

/** As many may wait in a group with `queue: max`. */
const MAX_WAITING = 100;

/** The rules are those of `builds/concurrency-groups.ts`, over all processes. A group changes under its own lock. */
export function kyselyGroupStore(engine: Engine): GroupStore {
  const leave = (buildId: string, holder: string) =>
    engine.transaction(async (session): Promise<GroupHolder | undefined> => {
      const [found] = await session.rows(places.FIND, { buildId, holder });
      if (found === undefined) return undefined;
      await holdGroup(session, found);
      const [left] = await session.rows(places.REMOVE, { buildId, holder });
      if (left?.occupies !== 1) return undefined;
      const [next] = await session.rows(places.RUN_NEXT, left);
      return next === undefined ? undefined : holderOf(next);
    });

  return {
    enter: (lease, entry) =>
      engine.transaction(async (session) => {
        await holdLease(session, lease);
        const group = { project_id: entry.projectId, group_key: entry.group.toLowerCase() };
        await holdGroup(session, group);
        const [present] = await session.rows(places.FIND, { buildId: lease.buildId, holder: entry.holder });
        if (present !== undefined) return placementOf(present, []);
        const others = await session.rows(places.OF_GROUP, group);
        const { place, cancelled } = arrive(lease.buildId, entry, others);
        for (const other of cancelled)
          await session.change(places.CANCEL, {
            buildId: other.build_id,
            holder: other.holder,
            reason: higherPriority(entry),
          });
        const row = { ...group, ...place, position: (others.at(-1)?.position ?? 0) + 1 };
        await session.change(places.ADD, row);
        return placementOf(row, cancelled.map(holderOf));
      }),

    leave,

    async placements(buildId) {
      const rows = await engine.session.rows(places.OF_BUILD, { buildId });
      return rows.map((row) => placementOf(row, []));
    },

    async sweep() {
      const running: GroupHolder[] = [];
      for (const { build_id, holder } of await engine.session.rows(places.LEFT_BEHIND, {})) {
        const next = await leave(build_id, holder);
        if (next !== undefined) running.push(next);
      }
      // One that ran for a moment while what it stood behind was taken away may have gone itself.
      const still = [];
      for (const next of running) {
        const [row] = await engine.session.rows(places.FIND, next);
        if (row?.state === "running") still.push(next);
      }
      return still;
    },
  };
}

type Group = Pick<GroupPlaceRow, "project_id" | "group_key">;
type NewPlace = Omit<GroupPlaceRow, "project_id" | "group_key" | "position">;

/** The place a newcomer gets, and whom it cancels. */
function arrive(
  buildId: string,
  entry: GroupEntry,
  others: readonly GroupPlaceRow[],
): { place: NewPlace; cancelled: readonly GroupPlaceRow[] } {
  const place = (state: NewPlace["state"], reason: string | null = null): NewPlace => ({
    build_id: buildId,
    holder: entry.holder,
    state,
    occupies: state === "running" ? 1 : 0,
    reason,
    entered_at: entry.at,
  });
  const occupant = others.find(({ occupies }) => occupies === 1);
  if (occupant === undefined) return { place: place("running"), cancelled: [] };
  if (occupant.build_id === buildId && entry.within.includes(occupant.holder)) {
    const reason = `Canceling since a deadlock for concurrency group '${entry.group}' was detected between '${occupant.holder}' and '${entry.holder}'`;
    return { place: place("cancelled", reason), cancelled: [] };
  }
  const waiting = others.filter(({ state }) => state === "waiting");
  if (entry.queue === "max" && waiting.length >= MAX_WAITING) {
    const reason = `Canceling since ${MAX_WAITING} already wait for concurrency group '${entry.group}'`;
    return { place: place("cancelled", reason), cancelled: [] };
  }
  const cancelled = entry.queue === "single" ? waiting : [];
  return {
    place: place("waiting"),
    cancelled: entry.cancelInProgress && occupant.state === "running" ? [...cancelled, occupant] : cancelled,
  };
}

function higherPriority({ group }: GroupEntry): string {
  return `Canceling since a higher priority waiting request for '${group}' exists`;
}

function holdGroup(session: Session, { project_id, group_key }: Group): Promise<void> {
  return session.hold(`group ${project_id} ${group_key}`);
}

function holderOf({ build_id, holder }: Pick<GroupPlaceRow, "build_id" | "holder">): GroupHolder {
  return { buildId: build_id, holder };
}

function placementOf(
  row: Pick<GroupPlaceRow, "build_id" | "holder" | "state" | "reason">,
  changed: readonly GroupHolder[],
): GroupPlacement {
  return {
    ...holderOf(row),
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    changed,
  };
}
