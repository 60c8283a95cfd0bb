import { sql } from "kysely";
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import { isFinal, isLegalMove } from "../../status.ts";
import type { BuildChange } from "../build-change.ts";
import type { BuildLease, BuildStatus } from "../build-record.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { LogState } from "../job-record.ts";
import { applyToRows } from "./apply-to-rows.ts";
import { ANNOTATIONS, FACTS } from "./build-writers.ts";
import { describeBuild } from "./describe-build.ts";
import { freeSlots } from "./end-build.ts";
import { JOB_ROWS, STEP_ROWS } from "./row-kinds.ts";
import { type ChangeOf, type StepChange, sortChanges } from "./sort-changes.ts";

/**
 * The first statement fences: it changes the build only where the lease is the newest, and holds its row until the end
 * of the transaction, so that nobody else changes its jobs and steps meanwhile. What a batch does to one row is worked
 * out first and written once.
 */
export function advanceBuild(
  engine: Engine,
  lease: BuildLease,
  changes: readonly BuildChange[],
): Promise<number> {
  const { buildId } = lease;
  const { facts, jobs, steps, annotations, described, moves } = sortChanges(buildId, changes);
  return engine.transaction(async (session) => {
    const version = await fence(session, lease, moves);
    if (facts.length > 0) await FACTS.insert(engine, session, facts);
    if (jobs.size > 0) await applyToRows(JOB_ROWS, engine, session, buildId, jobs);
    if (steps.size > 0) await applyToRows(STEP_ROWS, engine, session, buildId, steps);
    for (const { step, log } of placedLogs(steps)) await session.change(PLACE_LOG, { step, ...log });
    if (annotations.length > 0) await ANNOTATIONS.insert(engine, session, annotations);
    for (const description of described) await describeBuild(session, buildId, description);
    if (moves.some(({ to }) => isFinal(to))) await freeSlots(session, buildId);
    return version;
  });
}

async function fence(
  session: Session,
  lease: BuildLease,
  moves: readonly ChangeOf<"build-moved">[],
): Promise<number> {
  const only = moves.length === 1 ? moves[0] : undefined;
  if (only !== undefined && isFinal(only.to)) {
    const [ended] = await session.rows(FENCE_AND_END, endOf(lease, only));
    if (ended !== undefined) return ended.version;
  }
  const [build] = await session.rows(FENCE, lease);
  if (build === undefined) throw new ExecError("Conflict", `the lease of build ${lease.buildId} is lost`);
  let { status } = build;
  for (const move of moves) {
    if (move.to === status) continue;
    // A worker's build has been running: a batch that comes again may say so again.
    if (move.to === "running" && build.started_at === move.at) continue;
    if (!isLegalMove(status, move.to))
      throw new ExecError("Conflict", `build ${lease.buildId} is ${status} and cannot become ${move.to}`);
    status = move.to;
    await session.change(END, endOf(lease, move));
  }
  return build.version;
}

type PlacedLog = LogState & { readonly step: string };

function placedLogs(steps: ReadonlyMap<string, readonly StepChange[]>) {
  return [...steps.values()]
    .flat()
    .flatMap((change) =>
      change.kind === "step-changed" && change.log !== undefined
        ? [{ step: change.step, log: change.log }]
        : [],
    );
}

/** Only while it is in rows: `LogStore` knows better from then on. */
const PLACE_LOG = prepared<PlacedLog, unknown>((db, param) =>
  db
    .updateTable("build_job_steps")
    .set({
      log_kept: param("kept"),
      log_size_bytes: param("sizeBytes"),
      log_sha256: param(({ sha256 }) => sha256 ?? null),
    })
    .where("id", "=", param("step"))
    .where("log_kept", "=", sql.lit("rows")),
);

interface BuildEnd extends BuildLease {
  readonly to: BuildStatus;
  readonly at: number;
  readonly error: string | null;
  readonly errorCode: ExecErrorCode | null;
}

function endOf(lease: BuildLease, move: ChangeOf<"build-moved">): BuildEnd {
  return { ...lease, to: move.to, at: move.at, error: move.error ?? null, errorCode: move.errorCode ?? null };
}

const FENCE = prepared<BuildLease, { version: number; status: BuildStatus; started_at: number | null }>(
  (db, param) =>
    db
      .updateTable("builds")
      .set({ version: sql`version + 1` })
      .where("id", "=", param("buildId"))
      .where("fence", "=", param("fence"))
      .returning(["version", "status", "started_at"]),
);

/** A claimed build runs, so that every move of it by a lease ends it. */
const END = prepared<BuildEnd, unknown>((db, param) =>
  db
    .updateTable("builds")
    .set({
      status: param("to"),
      finished_at: param("at"),
      error: param("error"),
      error_code: param("errorCode"),
      owner: null,
      lease_until: null,
    })
    .where("id", "=", param("buildId")),
);

/** What nearly every last batch does, in one statement instead of two. */
const FENCE_AND_END = prepared<BuildEnd, { version: number }>((db, param) =>
  db
    .updateTable("builds")
    .set({
      version: sql`version + 1`,
      status: param("to"),
      finished_at: param("at"),
      error: param("error"),
      error_code: param("errorCode"),
      owner: null,
      lease_until: null,
    })
    .where("id", "=", param("buildId"))
    .where("fence", "=", param("fence"))
    .where(sql<boolean>`status = 'running'`)
    .returning("version"),
);
