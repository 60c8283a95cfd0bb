import { sql } from "kysely";
import { LOG_CHUNKS } from "../builds/build-writers.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { LogState } from "../job-record.ts";
import type { LogRef, LogStore } from "../log-store.ts";
import type { BuildLogRow } from "../tables/build-tables.ts";

export function kyselyLogStore(engine: Engine): LogStore {
  const { session } = engine;
  return {
    async append(chunks) {
      if (chunks.length === 0) return;
      const rows = chunks.map(({ ref, seq, startByte, content, at }) => ({
        ref_type: ref.type,
        ref_id: ref.id,
        chunk_seq: seq,
        end_byte: startByte + content.byteLength,
        content,
        created_at: at,
      }));
      await engine.transaction((inside) => LOG_CHUNKS.insert(engine, inside, rows));
    },

    async read(ref, fromByte, maxBytes) {
      const rows = await session.rows(READ, { ...ref, fromByte, toByte: fromByte + Math.max(1, maxBytes) });
      return rows.map((row) => ({
        ref,
        seq: row.chunk_seq,
        startByte: row.end_byte - row.content.byteLength,
        // The same kind of thing from both engines.
        content: new Uint8Array(row.content.buffer, row.content.byteOffset, row.content.byteLength),
        at: row.created_at,
      }));
    },

    async tail(ref) {
      const [tail] = await session.rows(TAIL, ref);
      if (tail === undefined) return undefined;
      const { kept, size, seq, end_byte } = tail;
      if (kept === "blob" || kept === "expired") return { seq: 0, endByte: size ?? 0, kept };
      return seq === null || end_byte === null ? undefined : { seq, endByte: end_byte, kept: "rows" };
    },

    async seal(ref, { sizeBytes, sha256 }) {
      await engine.transaction(async (inside) => {
        await inside.change(SEAL, { ...ref, sizeBytes, sha256 });
        await inside.change(DELETE, ref);
      });
    },

    async unsealed(endedBefore, limit) {
      const rows = await session.rows(UNSEALED, { endedBefore, limit });
      return rows.map(({ id }) => ({ type: "step", id }));
    },

    async sealed(endedBefore, limit) {
      const rows = await session.rows(SEALED, { endedBefore, limit });
      return rows.map(({ id, build_id }) => ({ ref: { type: "step", id }, buildId: build_id }));
    },

    async expire(ref) {
      await engine.transaction(async (inside) => {
        await inside.change(EXPIRE, ref);
        await inside.change(DELETE, ref);
      });
    },
  };
}

/** Until the chunk that reaches `toByte`, so that there is one at least. */
const READ = prepared<
  LogRef & { fromByte: number; toByte: number },
  Pick<BuildLogRow, "chunk_seq" | "end_byte" | "content" | "created_at">
>((db, param) =>
  db
    .selectFrom("build_logs")
    .select(["chunk_seq", "end_byte", "content", "created_at"])
    .where("ref_type", "=", param("type"))
    .where("ref_id", "=", param("id"))
    .where("end_byte", ">", param("fromByte"))
    .where(
      "end_byte",
      "<=",
      sql<number>`coalesce((
        select min(end_byte) from build_logs
        where ref_type = ${param("type")} and ref_id = ${param("id")} and end_byte >= ${param("toByte")}
      ), 9007199254740991)`,
    )
    .orderBy("end_byte")
    .orderBy("chunk_seq"),
);

const TAIL = prepared<
  LogRef,
  { kept: LogState["kept"] | null; size: number | null; seq: number | null; end_byte: number | null }
>((db, param) => {
  const ofStep = sql`from build_job_steps where id = ${param("id")}`;
  const ofRows = sql`from build_logs where ref_type = ${param("type")} and ref_id = ${param("id")}`;
  return db.selectNoFrom([
    sql<LogState["kept"] | null>`(select log_kept ${ofStep})`.as("kept"),
    sql<number | null>`(select log_size_bytes ${ofStep})`.as("size"),
    sql<number | null>`(select max(chunk_seq) ${ofRows})`.as("seq"),
    sql<number | null>`(select max(end_byte) ${ofRows})`.as("end_byte"),
  ]);
});

/** What has expired stays so. */
const SEAL = prepared<LogRef & { sizeBytes: number; sha256: string }, unknown>((db, param) =>
  db
    .updateTable("build_job_steps")
    .set({ log_kept: sql`'blob'`, log_size_bytes: param("sizeBytes"), log_sha256: param("sha256") })
    .where("id", "=", param("id"))
    .where("log_kept", "<>", sql.lit("expired")),
);

const EXPIRE = prepared<LogRef, unknown>((db, param) =>
  db.updateTable("build_job_steps").set({ log_kept: sql`'expired'` }).where("id", "=", param("id")),
);

const DELETE = prepared<LogRef, unknown>((db, param) =>
  db.deleteFrom("build_logs").where("ref_type", "=", param("type")).where("ref_id", "=", param("id")),
);

/** Steps from log to log through the index, over however many chunks each has. */
const UNSEALED = prepared<{ endedBefore: number; limit: number }, { id: string }>((db, param) => {
  const query = sql<{ id: string }>`
    with recursive hot (id) as (
      select min(ref_id) from build_logs where ref_type = 'step'
      union all
      select (select min(ref_id) from build_logs where ref_type = 'step' and ref_id > hot.id) from hot
      where hot.id is not null
    )
    select s.id from hot join build_job_steps as s on s.id = hot.id
    where s.finished_at < ${param("endedBefore")}
    order by s.finished_at, s.id
    limit ${param("limit")}`;
  return { compile: () => query.compile(db) };
});

const SEALED = prepared<{ endedBefore: number; limit: number }, { id: string; build_id: string }>(
  (db, param) =>
    db
      .selectFrom("build_job_steps as s")
      .innerJoin("builds as b", "b.id", "s.build_id")
      .select(["s.id", "s.build_id"])
      .where(sql<boolean>`s.log_kept = 'blob'`)
      .where("s.finished_at", "<", param("endedBefore"))
      .where("b.finished_at", "<", param("endedBefore"))
      .orderBy("s.finished_at")
      .orderBy("s.id")
      .limit(param("limit")),
);
