import { sql } from "kysely";
import { ExecError } from "../../errors.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { type ParamOf, prepared } from "../engine/prepared.ts";
import { inChunks } from "../in-chunks.ts";
import type { NewBatch, RunnerName, RunnerStore } from "../runner-store.ts";

const STATES_AT_ONCE = 200;

export function kyselyRunnerStore(engine: Engine): RunnerStore {
  const { session } = engine;
  const mailbox = async (on: Session, runner: RunnerName) => (await on.rows(FIND, nameOf(runner)))[0];
  return {
    async open(runner, at) {
      if ((await session.change(OPEN, { ...nameOf(runner), at })) > 0) return;
      if ((await mailbox(session, runner)) === undefined)
        throw new ExecError("NotFound", `there is no build ${runner.buildId}`);
    },

    accept: (runner, batch, at, maxUnreadBytes) =>
      engine.transaction(async (inside) => {
        const sizeBytes = batch.content.byteLength;
        const { firstSeq, lastSeq } = batch;
        const advance = { ...nameOf(runner), firstSeq, lastSeq, sizeBytes, at, maxUnreadBytes };
        const [taken] = await inside.rows(ADVANCE, advance);
        if (taken !== undefined) {
          await inside.change(INSERT, { ...batch, mailbox: taken.id, endByte: taken.received_bytes });
          return { kind: "accepted", acceptedSeq: lastSeq, endByte: taken.received_bytes };
        }
        const found = await mailbox(inside, runner);
        if (found === undefined) return { kind: "closed" };
        const isNext = found.accepted_seq === firstSeq - 1;
        return { kind: isNext ? "full" : "refused", acceptedSeq: found.accepted_seq };
      }),

    async read(runner, afterSeq, limit) {
      const rows = await session.rows(READ, { ...nameOf(runner), afterSeq, limit });
      return rows.map(({ first_seq, last_seq, end_byte, final, gzip, content }) => ({
        firstSeq: first_seq,
        lastSeq: last_seq,
        endByte: end_byte,
        final: final === 1,
        gzip: gzip === 1,
        // The same kind of thing from both engines.
        content: new Uint8Array(content.buffer, content.byteOffset, content.byteLength),
      }));
    },

    noteRead: (runner, endByte) =>
      engine.transaction(async (inside) => {
        await inside.change(NOTE_READ, { ...nameOf(runner), endByte });
        await inside.change(TRIM, nameOf(runner));
      }),

    send: (runner, { once, json }) =>
      engine.transaction(async (inside) => {
        const { buildId, jobKey, attempt } = runner;
        await inside.hold(`commands of ${buildId} ${attempt} ${jobKey}`);
        const found = await mailbox(inside, runner);
        if (found === undefined)
          throw new ExecError("NotFound", `no runner of the job ${jobKey} of build ${buildId} is waited for`);
        await inside.change(SEND, { mailbox: found.id, once, json });
      }),

    commands: (runner, after, at) =>
      engine.transaction(async (inside) => {
        const [heard] = await inside.rows(HEAR, { ...nameOf(runner), at });
        if (heard === undefined) return undefined;
        const rows = await inside.rows(COMMANDS, { mailbox: heard.id, after });
        const commands = rows.map(({ number, command_json }) => ({ number, json: command_json }));
        return { acceptedSeq: heard.accepted_seq, commands };
      }),

    async states(runners) {
      const wanted = new Set(runners.map(keyOf));
      const builds = [...new Set(runners.map(({ buildId }) => buildId))];
      const states = [];
      for (const ids of inChunks(builds, STATES_AT_ONCE)) {
        const query = engine.db
          .selectFrom("runner_mailboxes")
          .select(["build_id", "job_key", "attempt", "accepted_seq", "heard_at"])
          .where("build_id", "in", ids);
        for (const row of await session.query(query.compile())) {
          const name = { buildId: row.build_id, jobKey: row.job_key, attempt: row.attempt };
          const heard = row.heard_at === null ? {} : { heardAt: row.heard_at };
          if (wanted.has(keyOf(name))) states.push({ ...name, acceptedSeq: row.accepted_seq, ...heard });
        }
      }
      return states;
    },

    async close(runner) {
      await session.change(CLOSE, nameOf(runner));
    },

    sweep: (endedBefore) => session.change(SWEEP, { endedBefore }),
  };
}

const keyOf = ({ buildId, jobKey, attempt }: RunnerName) => JSON.stringify([buildId, jobKey, attempt]);
const nameOf = ({ buildId, jobKey, attempt }: RunnerName): RunnerName => ({ buildId, jobKey, attempt });

/** The condition that names a mailbox. */
const isIt = (param: ParamOf<RunnerName>) =>
  sql<boolean>`build_id = ${param("buildId")} and job_key = ${param("jobKey")} and attempt = ${param("attempt")}`;

const FIND = prepared<RunnerName, { id: number; accepted_seq: number }>((db, param) =>
  db.selectFrom("runner_mailboxes").select(["id", "accepted_seq"]).where(isIt(param)),
);

/** Nothing where there is no such build. */
const OPEN = prepared<RunnerName & { at: number }, unknown>((db, param) =>
  db
    .insertInto("runner_mailboxes")
    .columns(["build_id", "job_key", "attempt", "opened_at"])
    .expression((eb) =>
      eb
        .selectFrom("builds")
        .select([
          "builds.id",
          sql<string>`${param("jobKey")}`.as("job_key"),
          sql<number>`${param("attempt")}`.as("attempt"),
          sql<number>`${param("at")}`.as("opened_at"),
        ])
        .where("builds.id", "=", param("buildId")),
    )
    .onConflict((conflict) => conflict.columns(["build_id", "job_key", "attempt"]).doNothing()),
);

interface Advance extends RunnerName {
  firstSeq: number;
  lastSeq: number;
  sizeBytes: number;
  at: number;
  maxUnreadBytes: number;
}

/** The lock between servers: it changes a row for one of them alone. */
const ADVANCE = prepared<Advance, { id: number; received_bytes: number }>((db, param) =>
  db
    .updateTable("runner_mailboxes")
    .set({
      accepted_seq: param("lastSeq"),
      received_bytes: sql`received_bytes + ${param("sizeBytes")}`,
      heard_at: param("at"),
    })
    .where(isIt(param as ParamOf<RunnerName>))
    .where(sql<boolean>`accepted_seq = ${param(({ firstSeq }) => firstSeq - 1)}`)
    .where(sql<boolean>`received_bytes - read_bytes < ${param("maxUnreadBytes")}`)
    .returning(["id", "received_bytes"]),
);

const INSERT = prepared<NewBatch & { mailbox: number; endByte: number }, unknown>((db, param) =>
  db.insertInto("runner_frames").values({
    mailbox_id: param("mailbox"),
    last_seq: param("lastSeq"),
    first_seq: param("firstSeq"),
    end_byte: param("endByte"),
    final: param(({ final }) => Number(final)),
    gzip: param(({ gzip }) => Number(gzip)),
    content: param("content"),
  }),
);

interface BatchRow {
  first_seq: number;
  last_seq: number;
  end_byte: number;
  final: number;
  gzip: number;
  content: Uint8Array;
}

const READ = prepared<RunnerName & { afterSeq: number; limit: number }, BatchRow>((db, param) =>
  db
    .selectFrom("runner_frames")
    .select(["first_seq", "last_seq", "end_byte", "final", "gzip", "content"])
    .where(
      sql<boolean>`mailbox_id = (select id from runner_mailboxes where ${isIt(param as ParamOf<RunnerName>)})`,
    )
    .where(sql<boolean>`(last_seq > ${param("afterSeq")} or final = 1)`)
    .orderBy("last_seq")
    .limit(param("limit")),
);

const NOTE_READ = prepared<RunnerName & { endByte: number }, unknown>((db, param) =>
  db
    .updateTable("runner_mailboxes")
    .set({ read_bytes: param("endByte") })
    .where(isIt(param as ParamOf<RunnerName>))
    .where("read_bytes", "<", param("endByte")),
);

const TRIM = prepared<RunnerName, unknown>((db, param) =>
  db
    .deleteFrom("runner_frames")
    .where(sql<boolean>`mailbox_id = (select id from runner_mailboxes where ${isIt(param)})`)
    .where("final", "=", sql.lit(0))
    .where(
      sql<boolean>`last_seq <= (
        select frame_seq from build_jobs
        where build_id = ${param("buildId")} and key = ${param("jobKey")} and attempt = ${param("attempt")}
      )`,
    ),
);

const SEND = prepared<{ mailbox: number; once: string; json: string }, unknown>((db, param) => {
  const next = sql`(select coalesce(max(number), 0) + 1 from runner_commands where mailbox_id = ${param("mailbox")})`;
  const query = sql`
    insert into runner_commands (mailbox_id, number, once, command_json)
    values (${param("mailbox")}, ${next}, ${param("once")}, ${param("json")})
    on conflict (mailbox_id, once) do nothing`;
  return { compile: () => query.compile(db) };
});

const HEAR = prepared<RunnerName & { at: number }, { id: number; accepted_seq: number }>((db, param) =>
  db
    .updateTable("runner_mailboxes")
    .set({ heard_at: param("at") })
    .where(isIt(param as ParamOf<RunnerName>))
    .returning(["id", "accepted_seq"]),
);

const COMMANDS = prepared<{ mailbox: number; after: number }, { number: number; command_json: string }>(
  (db, param) =>
    db
      .selectFrom("runner_commands")
      .select(["number", "command_json"])
      .where("mailbox_id", "=", param("mailbox"))
      .where("number", ">", param("after"))
      .orderBy("number"),
);

const CLOSE = prepared<RunnerName, unknown>((db, param) =>
  db.deleteFrom("runner_mailboxes").where(isIt(param)),
);

const SWEEP = prepared<{ endedBefore: number }, unknown>((db, param) =>
  db
    .deleteFrom("runner_mailboxes")
    .where("opened_at", "<", param("endedBefore"))
    .where(
      sql<boolean>`not exists (
        select 1 from build_jobs as j
        where j.build_id = runner_mailboxes.build_id and j.key = runner_mailboxes.job_key
          and j.attempt = runner_mailboxes.attempt
          and (j.finished_at is null or j.finished_at >= ${param("endedBefore")})
      )`,
    ),
);
