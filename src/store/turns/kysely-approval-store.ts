import { sql } from "kysely";
import { ExecError } from "../../errors.ts";
import type { ApprovalDecision, ApprovalRecord, ApprovalStore } from "../approval-store.ts";
import { holdLease } from "../builds/hold-lease.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { storedJson } from "../stored-json.ts";
import type { ApprovalRow } from "../tables/turn-tables.ts";
import { withoutNulls } from "../without-nulls.ts";

export function kyselyApprovalStore(engine: Engine): ApprovalStore {
  return {
    request: (lease, approval) =>
      engine.transaction(async (session) => {
        await holdLease(session, lease);
        if (approval.buildId !== lease.buildId)
          throw new ExecError("Conflict", `the lease is of build ${lease.buildId}, not ${approval.buildId}`);
        await session.change(ADD, { ...approval, reviewersJson: JSON.stringify(approval.reviewers) });
        const [row] = await session.rows(OF_JOB, approval);
        if (row === undefined) throw new ExecError("Conflict", `approval ${approval.id} is another job's`);
        return approvalOfRow(row);
      }),

    async decide(id, decision) {
      const [row] = await engine.session.rows(DECIDE, { ...decision, id });
      if (row !== undefined) return approvalOfRow(row);
      const present = await find(engine.session, id);
      if (present.state === decision.state) return present;
      throw new ExecError(
        "Conflict",
        present.state === "waiting"
          ? `approval ${id} has expired`
          : `approval ${id} is ${present.state} already`,
      );
    },

    async list(buildId) {
      return (await engine.session.rows(OF_BUILD, { buildId })).map(approvalOfRow);
    },

    async expired(now, limit) {
      return (await engine.session.rows(EXPIRED, { now, limit })).map(approvalOfRow);
    },
  };
}

async function find(session: Session, id: string): Promise<ApprovalRecord> {
  const [row] = await session.rows(BY_ID, { id });
  if (row === undefined) throw new ExecError("NotFound", `there is no approval ${id}`);
  return approvalOfRow(row);
}

function approvalOfRow(row: ApprovalRow): ApprovalRecord {
  return withoutNulls({
    id: row.id,
    buildId: row.build_id,
    jobKey: row.job_key,
    environment: row.environment,
    reviewers: storedJson<ApprovalRecord["reviewers"]>(row.reviewers_json),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    state: row.state,
    decidedBy: row.decided_by,
    comment: row.comment,
    decidedAt: row.decided_at,
  });
}

type Asked = Pick<ApprovalRecord, "id" | "buildId" | "jobKey" | "environment" | "createdAt" | "expiresAt">;

const ADD = prepared<Asked & { reviewersJson: string }, unknown>((db, param) =>
  db
    .insertInto("approvals")
    .values({
      id: param("id"),
      build_id: param("buildId"),
      job_key: param("jobKey"),
      environment: param("environment"),
      reviewers_json: param("reviewersJson"),
      created_at: param("createdAt"),
      expires_at: param("expiresAt"),
      state: "waiting",
    })
    .onConflict((conflict) => conflict.columns(["build_id", "job_key"]).doNothing()),
);

const OF_JOB = prepared<Pick<ApprovalRecord, "buildId" | "jobKey">, ApprovalRow>((db, param) =>
  db
    .selectFrom("approvals")
    .selectAll()
    .where("build_id", "=", param("buildId"))
    .where("job_key", "=", param("jobKey")),
);

const BY_ID = prepared<{ id: string }, ApprovalRow>((db, param) =>
  db.selectFrom("approvals").selectAll().where("id", "=", param("id")),
);

const OF_BUILD = prepared<{ buildId: string }, ApprovalRow>((db, param) =>
  db
    .selectFrom("approvals")
    .selectAll()
    .where("build_id", "=", param("buildId"))
    .orderBy("created_at")
    .orderBy("id"),
);

const EXPIRED = prepared<{ now: number; limit: number }, ApprovalRow>((db, param) =>
  db
    .selectFrom("approvals")
    .selectAll()
    .where(sql<boolean>`state = 'waiting'`)
    .where("expires_at", "<=", param("now"))
    .orderBy("expires_at")
    .orderBy("id")
    .limit(param("limit")),
);

/** One whose time is over can only expire. */
const DECIDE = prepared<ApprovalDecision & { id: string }, ApprovalRow>((db, param) =>
  db
    .updateTable("approvals")
    .set({
      state: param("state"),
      decided_by: param("by"),
      comment: param(({ comment }) => comment ?? null),
      decided_at: param("at"),
    })
    .where("id", "=", param("id"))
    .where("state", "=", "waiting")
    .where((eb) =>
      eb.or([
        eb("expires_at", ">", param("at")),
        eb(
          param(({ state }) => (state === "expired" ? 1 : 0)),
          "=",
          1,
        ),
      ]),
    )
    .returningAll(),
);
