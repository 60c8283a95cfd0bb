// What a trivial build leaves in the records, written by hand in a loop: the same rows, as many transactions, the same
// settings, and no program around it. What the rows hold is taken from a build that the platform has run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import pg from "pg";
import { Connection } from "rabbitmq-client";
import { systemClock } from "../src/clock.ts";
import { newId } from "../src/new-id.ts";
import { openStore } from "../src/store/open-store.ts";
import type { Store } from "../src/store/store.ts";
import { silentLogger } from "../src/telemetry/logger.ts";
import { timed } from "./measure.ts";

type Value = string | number | null;
type Row = { [column: string]: Value };

/** The rows of one finished build. */
export interface BuildRows {
  readonly project: Row;
  readonly build: Row;
  readonly snapshot: Row;
  readonly facts: readonly Row[];
  readonly job: Row;
  readonly step: Row;
}

const QUERIES = {
  project: "select p.* from projects p join builds b on b.project_id = p.id where b.id = $1",
  build: "select * from builds where id = $1",
  snapshot: "select s.* from build_snapshots s join builds b on b.seq = s.build_seq where b.id = $1",
  facts: "select * from build_facts where build_id = $1 order by seq",
  job: "select * from build_jobs where build_id = $1",
  step: "select * from build_job_steps where build_id = $1",
} as const;

/** Of a build in a database of either kind: `ask` runs a query whose only value is the build's id. */
export async function rowsOfBuild(
  ask: (query: string) => Promise<readonly Row[]> | readonly Row[],
): Promise<BuildRows> {
  const one = async (query: string) => {
    const [row] = await ask(query);
    if (row === undefined) throw new Error(`nothing is found by: ${query}`);
    return row;
  };
  return {
    project: await one(QUERIES.project),
    build: await one(QUERIES.build),
    snapshot: await one(QUERIES.snapshot),
    facts: await ask(QUERIES.facts),
    job: await one(QUERIES.job),
    step: await one(QUERIES.step),
  };
}

/** Statements that fill the records with copies of a finished build, each with ids of its own. */
export function finishedBuilds(
  { build, snapshot, facts, job, step }: BuildRows,
  count: number,
  engine: "sqlite" | "postgres",
): string[] {
  const numbers =
    engine === "sqlite"
      ? `(with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n) as k`
      : `generate_series(1, ${count}) as g (i)`;
  const id = (letter: string) =>
    engine === "sqlite" ? `printf('${letter}%035d', i)` : `'${letter}' || lpad(i::text, 35, '0')`;
  const copy = (table: string, row: Row, own: { readonly [column: string]: string }, from = numbers) => {
    const columns = Object.keys(row);
    const values = columns.map((name) => own[name] ?? literal(row[name] ?? null));
    return `insert into ${table} (${columns.map((name) => `"${name}"`).join()}) select ${values.join()} from ${from}`;
  };
  const { seq: _seq, ...newBuild } = build;
  return [
    copy("builds", newBuild, { id: id("b"), root_id: id("b"), number: "i + 1000000" }),
    copy("build_snapshots", snapshot, { build_seq: "seq" }, "builds where id like 'b0000%'"),
    ...facts.map((fact) => copy("build_facts", fact, { build_id: id("b") })),
    copy("build_jobs", job, { id: id("j"), build_id: id("b") }),
    copy("build_job_steps", step, { id: id("s"), build_id: id("b"), job_id: id("j") }),
  ];
}

const literal = (value: Value) =>
  typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value ?? "null");

const SETTINGS = `pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal;
  pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -32768`;

/** An open SQLite file with the tables of the records, for loops that write builds into it. */
export class BareSqlite {
  readonly #folder: string;
  readonly #database: DatabaseSync;
  readonly #write: (id: string, jobId: string, stepId: string, at: number) => void;

  private constructor(folder: string, database: DatabaseSync, rows: BuildRows) {
    this.#folder = folder;
    this.#database = database;
    this.#write = sqliteWriter(database, rows);
  }

  static async open(rows: BuildRows): Promise<BareSqlite> {
    const folder = mkdtempSync(join(tmpdir(), "slipway-bare-"));
    const file = join(folder, "records.db");
    const store: Store = await openStore(
      { kind: "sqlite", file },
      { clock: systemClock, logger: silentLogger },
    );
    await store.close();
    const database = new DatabaseSync(file);
    database.exec(SETTINGS);
    return new BareSqlite(folder, database, rows);
  }

  /** Milliseconds for so many builds. */
  write(count: number): Promise<number> {
    return timed(() => {
      for (let i = 0; i < count; i += 1) {
        const at = Date.now();
        this.#write(newId(at), newId(at), newId(at), at);
      }
    });
  }

  close(): void {
    this.#database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function sqliteWriter(database: DatabaseSync, { project, build, snapshot, facts, job, step }: BuildRows) {
  const insert = (table: string, row: Row) => {
    const columns = Object.keys(row);
    const text = `insert into ${table} (${columns.map((name) => `"${name}"`).join()}) values (${columns.map(() => "?").join()})`;
    const statement = database.prepare(text);
    return (change: Row) => statement.run(...columns.map((name) => change[name] ?? row[name] ?? null));
  };
  const run = (text: string) => {
    const statement = database.prepare(text);
    return (...values: SQLInputValue[]) => statement.run(...values);
  };
  insert("projects", project)({});
  const { seq: _seq, ...newBuild } = build;
  const firstBuild: Row = { ...newBuild, status: "pending", version: 1, fence: 0, ...NOT_REACHED };
  const [first, second] = facts;
  if (first === undefined || second === undefined) throw new Error("a trivial build has two facts");
  const [begin, commit] = [run("begin immediate"), run("commit")];
  const number = run("update projects set build_count = build_count + 1 where id = ?");
  const addBuild = insert("builds", firstBuild);
  const addSnapshot = insert("build_snapshots", snapshot);
  const queued = run(
    "update builds set status = 'queued', queued_at = ?, published_at = ?, version = version + 1 where id = ? and status = 'pending'",
  );
  const claim = run(
    "update builds set status = 'running', owner = ?, lease_until = ?, started_at = ?, fence = fence + 1, version = version + 1 where id = ? and status = 'queued'",
  );
  const advance = run("update builds set version = version + 1 where id = ? and fence = ?");
  const addFact = insert("build_facts", first);
  const addJob = insert("build_jobs", {
    ...job,
    status: "queued",
    result: null,
    outcome: null,
    ...NOT_REACHED_JOB,
  });
  const takeSlot = run(
    "insert into job_slots (build_id, job_key, project_id) select id, ?, project_id from builds where id = ? and fence = ? and status = 'running'",
  );
  const end = run(
    "update builds set status = ?, finished_at = ?, owner = null, lease_until = null, version = version + 1 where id = ? and fence = ? and status = 'running'",
  );
  const endJob = run(
    "update build_jobs set status = ?, result = ?, outcome = ?, executor = ?, executor_ref = ?, started_at = ?, finished_at = ? where id = ?",
  );
  const addStep = insert("build_job_steps", step);
  const freeSlot = run("delete from job_slots where build_id = ?");
  return (id: string, jobId: string, stepId: string, at: number) => {
    begin();
    number(project.id ?? null);
    const { lastInsertRowid } = addBuild({ id, root_id: id, created_at: at });
    addSnapshot({ build_seq: Number(lastInsertRowid) });
    commit();
    queued(at, at, id);
    claim("bare", at + 30_000, at, id);
    begin();
    advance(id, 1);
    addFact({ ...first, build_id: id });
    addJob({ id: jobId, build_id: id, created_at: at, queued_at: at });
    commit();
    takeSlot(job.key ?? null, id, 1);
    begin();
    end("succeeded", at, id, 1);
    addFact({ ...second, build_id: id });
    endJob("succeeded", "success", "success", "fake", `${id}/test/1`, at, at, jobId);
    addStep({ id: stepId, build_id: id, job_id: jobId, started_at: at, finished_at: at });
    freeSlot(id);
    commit();
  };
}

const NOT_REACHED = { queued_at: null, started_at: null, finished_at: null, published_at: null };
const NOT_REACHED_JOB = { started_at: null, finished_at: null, executor: null, executor_ref: null };

/** The tables of the records in PostgreSQL and a queue of RabbitMQ, for loops that bring builds through both. */
export class BarePostgres {
  readonly #pool: pg.Pool;
  readonly #amqp: Connection;
  readonly #rows: BuildRows;

  private constructor(pool: pg.Pool, amqp: Connection, rows: BuildRows) {
    this.#pool = pool;
    this.#amqp = amqp;
    this.#rows = rows;
  }

  /** `url` is an empty database. */
  static async open(url: string, rabbitUrl: string, rows: BuildRows): Promise<BarePostgres> {
    const store = await openStore({ kind: "postgres", url }, { clock: systemClock, logger: silentLogger });
    await store.close();
    const pool = new pg.Pool({ connectionString: url, max: 16 });
    const { columns, values } = columnsOf(rows.project);
    await pool.query(`insert into projects (${columns}) values (${values})`, Object.values(rows.project));
    const amqp = new Connection(rabbitUrl);
    amqp.on("error", () => {});
    await amqp.queueDeclare({ queue: "bare", durable: true, arguments: { "x-queue-type": "quorum" } });
    await amqp.exchangeDeclare({ exchange: "bare.events", type: "topic", durable: true });
    return new BarePostgres(pool, amqp, rows);
  }

  /** Milliseconds for so many builds, by so many loops at once, each bringing one build after the other to its end. */
  async write(count: number, loops: number): Promise<number> {
    let left = count;
    const confirmed = await this.#amqp.acquire();
    await confirmed.confirmSelect();
    const events = await this.#amqp.acquire();
    const waiting = new Map<string, () => void>();
    const { consumerTag } = await confirmed.basicConsume({ queue: "bare" }, ({ body, deliveryTag }) => {
      waiting.get(body.buildId)?.();
      waiting.delete(body.buildId);
      confirmed.basicAck({ deliveryTag });
    });
    const tell = (type: string, buildId: string, status: string) => {
      const event = {
        type,
        buildId,
        projectId: this.#rows.project.id,
        status,
        version: 1,
        changes: [{ kind: "build", id: buildId, status }],
      };
      void events.basicPublish({ exchange: "bare.events", routingKey: `${type}.${buildId}` }, event);
    };
    const ms = await timed(() =>
      Promise.all(
        Array.from({ length: loops }, async () => {
          const client = await this.#pool.connect();
          try {
            const write = postgresWriter(client, this.#rows);
            while (left > 0) {
              left -= 1;
              const delivered = Promise.withResolvers<void>();
              await write(
                async (buildId) => {
                  waiting.set(buildId, delivered.resolve);
                  const body = { v: 1, buildId, projectId: this.#rows.project.id };
                  await confirmed.basicPublish({ routingKey: "bare", durable: true, mandatory: true }, body);
                },
                () => delivered.promise,
                tell,
              );
            }
          } finally {
            client.release();
          }
        }),
      ),
    );
    await confirmed.basicCancel(consumerTag);
    await confirmed.close();
    await events.close();
    return ms;
  }

  async close(): Promise<void> {
    await this.#amqp.close();
    await this.#pool.end();
  }
}

function columnsOf(row: Row): { readonly columns: string; readonly values: string } {
  const names = Object.keys(row);
  return {
    columns: names.map((name) => `"${name}"`).join(),
    values: names.map((_, index) => `$${index + 1}`).join(),
  };
}

function postgresWriter(client: pg.PoolClient, { project, build, snapshot, facts, job, step }: BuildRows) {
  let named = 0;
  const run = (text: string) => {
    named += 1;
    const name = `bare${named}`;
    return (...values: Value[]) => client.query({ name, text, values });
  };
  const insert = (table: string, row: Row, more = "") => {
    const names = Object.keys(row);
    const { columns, values } = columnsOf(row);
    const add = run(`insert into ${table} (${columns}) values (${values})${more}`);
    return (change: Row) => add(...names.map((name) => change[name] ?? row[name] ?? null));
  };
  const { seq: _seq, ...newBuild } = build;
  const [first, second] = facts;
  if (first === undefined || second === undefined) throw new Error("a trivial build has two facts");
  const begin = () => client.query("begin");
  const commit = () => client.query("commit");
  const number = run("update projects set build_count = build_count + 1 where id = $1");
  const addBuild = insert(
    "builds",
    { ...newBuild, status: "pending", version: 1, fence: 0, ...NOT_REACHED },
    " returning seq",
  );
  const addSnapshot = insert("build_snapshots", snapshot);
  const queued = run(
    "update builds set status = 'queued', queued_at = $1, published_at = $1, version = version + 1 where id = $2 and status = 'pending'",
  );
  const claim = run(
    "update builds set status = 'running', owner = $1, lease_until = $2, started_at = $3, fence = fence + 1, version = version + 1 where id = $4 and status = 'queued'",
  );
  const advance = run("update builds set version = version + 1 where id = $1 and fence = $2");
  const addFact = insert("build_facts", first);
  const addJob = insert("build_jobs", {
    ...job,
    status: "queued",
    result: null,
    outcome: null,
    ...NOT_REACHED_JOB,
  });
  const takeSlot = run(
    "insert into job_slots (build_id, job_key, project_id) select id, $1, project_id from builds where id = $2 and fence = $3 and status = 'running'",
  );
  const end = run(
    "update builds set status = $1, finished_at = $2, owner = null, lease_until = null, version = version + 1 where id = $3 and fence = $4 and status = 'running'",
  );
  const endJob = run(
    "update build_jobs set status = $1, result = $2, outcome = $3, executor = $4, executor_ref = $5, started_at = $6, finished_at = $7 where id = $8",
  );
  const addStep = insert("build_job_steps", step);
  const freeSlot = run("delete from job_slots where build_id = $1");
  return async (
    publish: (buildId: string) => Promise<void>,
    delivered: () => Promise<void>,
    tell: (type: string, buildId: string, status: string) => void,
  ) => {
    const at = Date.now();
    const [id, jobId, stepId] = [newId(at), newId(at), newId(at)];
    await begin();
    await number(project.id ?? null);
    const { rows } = await addBuild({ id, root_id: id, created_at: at });
    await addSnapshot({ build_seq: Number(rows[0].seq) });
    await commit();
    await publish(id);
    await queued(at, id);
    tell("build.changed", id, "queued");
    await delivered();
    await claim("bare", at + 30_000, at, id);
    await begin();
    await advance(id, 1);
    await addFact({ ...first, build_id: id });
    await addJob({ id: jobId, build_id: id, created_at: at, queued_at: at });
    await commit();
    tell("build.changed", id, "running");
    await takeSlot(job.key ?? null, id, 1);
    await begin();
    await end("succeeded", at, id, 1);
    await addFact({ ...second, build_id: id });
    await endJob("succeeded", "success", "success", "fake", `${id}/test/1`, at, at, jobId);
    await addStep({ id: stepId, build_id: id, job_id: jobId, started_at: at, finished_at: at });
    await freeSlot(id);
    await commit();
    tell("build.changed", id, "succeeded");
    tell("slot.freed", id, "-");
  };
}
