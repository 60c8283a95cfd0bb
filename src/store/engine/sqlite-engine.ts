import { constants, copyFile } from "node:fs/promises";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { type CompiledQuery, DummyDriver, Kysely, SqliteAdapter, SqliteQueryCompiler } from "kysely";
import { ExecError } from "../../errors.ts";
import type { Tables } from "../tables/tables.ts";
import { CommitGroups } from "./commit-groups.ts";
import type { Engine, EngineTraits, Session } from "./engine.ts";
import type { Prepared, StatementText } from "./prepared.ts";
import { sqliteError } from "./sqlite-error.ts";
import { storedValue } from "./stored-value.ts";

const TRAITS: EngineTraits = {
  rowsPerStatement: 1,
  manyWriters: false,
  clock: "cast(unixepoch('subsec') * 1000 as integer)",
  types: {
    text: "text",
    number: "integer",
    bytes: "blob",
    counted: "integer primary key autoincrement",
    clustered: "without rowid",
  },
};
/** Statements of a shape known only when they run; the oldest is dropped. */
const MAX_LOOSE_STATEMENTS = 200;

/** SQLite's own number. */
const CHECKPOINT_PAGES = 1_000;

interface ReadyStatement {
  readonly text: StatementText<never>;
  readonly statement: StatementSync;
  readonly reads: boolean;
}

/**
 * SQLite in this process, over one connection: a call takes microseconds, so it blocks rather than waits. Transactions
 * that are asked for in one turn of the event loop are committed together; a single statement that writes is one of them.
 */
export class SqliteEngine implements Engine {
  readonly name = "sqlite";
  readonly traits = TRAITS;
  readonly db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: () => {
        throw new ExecError("Permanent", "queries are only written here");
      },
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  readonly session: Session;
  readonly #database: DatabaseSync;
  readonly #groups: CommitGroups;
  readonly #ready = new Map<Prepared<never, unknown>, ReadyStatement>();
  readonly #loose = new Map<string, StatementSync>();
  readonly #inside: Session;
  #copying: Promise<void> = Promise.resolve();

  /** `database` is open and set up; it is this engine's from now on. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    const step = (text: string) => {
      const statement = database.prepare(text);
      return () => this.#step(statement);
    };
    const [undo, release] = [step("rollback to one"), step("release one")];
    this.#groups = new CommitGroups({
      begin: step("begin immediate"),
      commit: step("commit"),
      rollback: step("rollback"),
      save: step("savepoint one"),
      keep: release,
      takeBack: () => {
        undo();
        release();
      },
      isOpen: () => database.isOpen && database.isTransaction,
    });
    this.#inside = {
      rows: async (statement, params) => this.#rows(statement, params),
      change: async (statement, params) => this.#change(statement, params),
      query: async (query) => this.#query(query),
      hold: async () => {},
    };
    this.session = {
      rows: (statement, params) =>
        this.#joins(
          () => this.#readyOf(statement).reads,
          () => this.#rows(statement, params),
        ),
      change: (statement, params) => this.#groups.run(async () => this.#change(statement, params)),
      query: (query) =>
        this.#joins(
          () => onlyReads(query.sql),
          () => this.#query(query),
        ),
      hold: async () => {},
    };
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#groups.run(() => work(this.#inside));
  }

  copyTo(file: string): Promise<void> {
    const copy = () => this.#copyTo(file);
    const copied = this.#copying.then(copy);
    this.#copying = copied.catch(() => undefined);
    return copied;
  }

  /**
   * What is committed goes into the log beside the file, and from there into the file at a checkpoint. Without checkpoints
   * the file itself stands still, and can be copied like any other.
   */
  async #copyTo(file: string): Promise<void> {
    const own = this.#database.isOpen ? this.#database.location() : null;
    if (own === null) throw new ExecError("Conflict", "these records have no file to copy");
    while (this.#groups.busy) await new Promise<void>((resolve) => setImmediate(resolve));
    try {
      this.#database.exec("pragma wal_autocheckpoint = 0");
      const [done] = this.#database.prepare("pragma wal_checkpoint(truncate)").all();
      if (done?.busy !== 0) throw new ExecError("Transient", "the records are busy; try again");
      await copyFile(own, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    } catch (error) {
      throw error instanceof ExecError ? error : notCopied(error, file);
    } finally {
      if (this.#database.isOpen) this.#database.exec(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    }
  }

  async close(): Promise<void> {
    await this.#copying;
    await this.#groups.idle();
    if (this.#database.isOpen) this.#database.close();
  }

  /** What only reads is done at once where nothing is on; else after what is, so that it sees nothing that is not committed. */
  async #joins<T>(reads: () => boolean, call: () => T): Promise<T> {
    return !this.#groups.busy && reads() ? call() : this.#groups.run(async () => call());
  }

  #step(statement: StatementSync): void {
    try {
      statement.run();
    } catch (error) {
      throw this.#error(error);
    }
  }

  #rows<P, R>(prepared: Prepared<P, R>, params: P): R[] {
    try {
      const { statement, values } = this.#prepare(prepared, params);
      return statement.all(...values) as R[];
    } catch (error) {
      throw this.#error(error);
    }
  }

  #change<P>(prepared: Prepared<P, unknown>, params: P): number {
    try {
      const { statement, values } = this.#prepare(prepared, params);
      return Number(statement.run(...values).changes);
    } catch (error) {
      throw this.#error(error);
    }
  }

  #query<R>({ sql, parameters }: CompiledQuery<R>): R[] {
    try {
      let statement = this.#loose.get(sql);
      if (statement === undefined) {
        statement = this.#database.prepare(sql);
        this.#loose.set(sql, statement);
        const oldest = this.#loose.size > MAX_LOOSE_STATEMENTS ? this.#loose.keys().next().value : undefined;
        if (oldest !== undefined) this.#loose.delete(oldest);
      }
      return statement.all(...(parameters.map(storedValue) as SQLInputValue[])) as R[];
    } catch (error) {
      throw this.#error(error);
    }
  }

  #prepare<P>(
    prepared: Prepared<P, unknown>,
    params: P,
  ): { statement: StatementSync; values: SQLInputValue[] } {
    const { text, statement } = this.#readyOf(prepared);
    const values = text.values(params as never);
    for (let i = 0; i < values.length; i++) values[i] = storedValue(values[i]);
    return { statement, values: values as SQLInputValue[] };
  }

  #readyOf<P>(prepared: Prepared<P, unknown>): ReadyStatement {
    const key = prepared as Prepared<never, unknown>;
    let ready = this.#ready.get(key);
    if (ready === undefined) {
      const text = prepared.compile(this.db) as StatementText<never>;
      ready = { text, statement: this.#compile(text.sql), reads: onlyReads(text.sql) };
      this.#ready.set(key, ready);
    }
    return ready;
  }

  #compile(sql: string): StatementSync {
    try {
      return this.#database.prepare(sql);
    } catch (error) {
      throw this.#error(error);
    }
  }

  #error(error: unknown): unknown {
    if (!this.#database.isOpen) return new ExecError("Transient", "the records are closed", { cause: error });
    return sqliteError(error);
  }
}

function onlyReads(sql: string): boolean {
  return /^\s*select\b/i.test(sql);
}

function notCopied(error: unknown, file: string): ExecError {
  const isFull = error instanceof Error && "code" in error && error.code === "ENOSPC";
  const why = isFull ? "the disk is full" : error instanceof Error ? error.message : String(error);
  const message = `the records cannot be copied to ${file}: ${why}`;
  return new ExecError(isFull ? "QuotaExceeded" : "Permanent", message, { cause: error });
}
