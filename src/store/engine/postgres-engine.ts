import { createHash } from "node:crypto";
import { type CompiledQuery, DummyDriver, Kysely, PostgresAdapter, PostgresQueryCompiler } from "kysely";
import type pg from "pg";
import { ExecError } from "../../errors.ts";
import type { Tables } from "../tables/tables.ts";
import type { Engine, EngineTraits, Session } from "./engine.ts";
import { isLostRace, postgresError } from "./postgres-error.ts";
import type { Prepared, StatementText } from "./prepared.ts";
import { storedValue } from "./stored-value.ts";

const TRAITS: EngineTraits = {
  rowsPerStatement: 100,
  manyWriters: true,
  clock: "(extract(epoch from clock_timestamp()) * 1000)::bigint",
  types: {
    text: 'text collate "C"',
    number: "bigint",
    bytes: "bytea",
    counted: "bigint generated always as identity primary key",
    clustered: "",
  },
};
/** How often a transaction that lost a race is tried again. */
const MAX_ATTEMPTS = 4;

type Runner = Pick<pg.Pool | pg.PoolClient, "query">;
type NamedText = StatementText<never> & { readonly name: string };

/** PostgreSQL through a pool of connections. One that is lost is replaced by the next call. */
export class PostgresEngine implements Engine {
  readonly name = "postgres";
  readonly traits = TRAITS;
  readonly db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: () => {
        throw new ExecError("Permanent", "queries are only written here");
      },
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  readonly session: Session;
  readonly #pool: pg.Pool;
  readonly #texts = new Map<Prepared<never, unknown>, NamedText>();
  #closed: Promise<void> | undefined;

  /** `pool` is this engine's from now on. */
  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.session = this.#sessionOn(pool);
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (!isLostRace(error) || attempt === MAX_ATTEMPTS) throw postgresError(error);
      }
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #attempt<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    let broken = false;
    // What needs no answer is sent with the statement after it; the first failure is the one that tells why.
    let first: { readonly error: unknown } | undefined;
    const send = (query: string | pg.QueryConfig) => {
      client.query(query).catch((error: unknown) => {
        first ??= { error };
      });
    };
    try {
      send("begin");
      const session = this.#sessionOn(client, (error) => error);
      const hold = async (name: string) => send(lockNamed(name));
      const result = await work({ ...session, hold });
      await client.query("commit");
      return result;
    } catch (error) {
      await client.query("rollback").catch(() => {
        broken = true;
      });
      throw first === undefined ? error : first.error;
    } finally {
      client.release(broken);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.#closed !== undefined) throw new ExecError("Transient", "the records are closed");
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw postgresError(error);
    }
  }

  /** Inside a transaction errors stay as they are until it is clear whether it is tried again. */
  #sessionOn(runner: Runner, errorOf: (error: unknown) => unknown = postgresError): Session {
    const run = async (query: pg.QueryConfig): Promise<pg.QueryResult> => {
      if (this.#closed !== undefined) throw new ExecError("Transient", "the records are closed");
      try {
        return await runner.query(query);
      } catch (error) {
        throw errorOf(error);
      }
    };
    const named = <P>(prepared: Prepared<P, unknown>, params: P): pg.QueryConfig => {
      const { name, sql, values } = this.#textOf(prepared as Prepared<never, unknown>);
      return { name, text: sql, values: values(params as never).map(storedValue) };
    };
    return {
      rows: async (statement, params) => (await run(named(statement, params))).rows,
      change: async (statement, params) => (await run(named(statement, params))).rowCount ?? 0,
      query: async ({ sql, parameters }: CompiledQuery) =>
        (await run({ text: sql, values: parameters.map(storedValue) })).rows,
      // Outside a transaction there is nothing to hold it for.
      hold: async () => {},
    };
  }

  #textOf(prepared: Prepared<never, unknown>): NamedText {
    let text = this.#texts.get(prepared);
    if (text === undefined) {
      text = { ...prepared.compile(this.db), name: `s${this.#texts.size}` };
      this.#texts.set(prepared, text);
    }
    return text;
  }
}

/** Advisory locks have numbers for names. */
function lockNamed(name: string): pg.QueryConfig {
  const key = createHash("sha256").update(`slipway ${name}`).digest().readBigInt64BE().toString();
  return { name: "hold", text: "select pg_advisory_xact_lock($1)", values: [key] };
}
