import pg from "pg";
import { ExecError } from "../../errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { PostgresEngine } from "./postgres-engine.ts";
import { postgresError, stateOf } from "./postgres-error.ts";

const CONNECT_MS = 5_000;
/** A server that is frozen, or behind a cut cable, is given up after this. */
const ANSWER_MS = 30_000;
const INT8 = 20;
const NUMERIC = 1700;

/**
 * Connects to PostgreSQL. Rejects with `Permanent` where the address, the name, the password or the database is wrong,
 * with `Transient` where nothing answers there.
 */
export async function openPostgres(url: string, poolSize: number, logger: Logger): Promise<PostgresEngine> {
  const at = addressOf(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: "slipway",
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    // Locks of a process that hangs in the middle of a transaction.
    idle_in_transaction_session_timeout: ANSWER_MS,
    pipeline: true,
    types: { getTypeParser },
  });
  // Of a connection that is lost in the middle of a transaction the pool says nothing: without a listener of its own the
  // process would end. Its statements fail by themselves.
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("error", (error) => logger.warn({ error: error.message }, "a connection to PostgreSQL was lost"));
  try {
    await pool.query("select 1");
    return new PostgresEngine(pool);
  } catch (error) {
    await pool.end();
    throw refusal(at, error);
  }
}

/** Every number in the records is below 2^53. */
const getTypeParser = ((oid: number, format?: "text") =>
  oid === INT8 || oid === NUMERIC
    ? Number
    : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;

/** For messages: without the password. */
function addressOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol))
    throw new ExecError(
      "Permanent",
      "the address of the database is not understood: it should look like postgres://name:password@host:5432/database",
    );
  return `${parsed.host || "the local socket"}${parsed.pathname}`;
}

function refusal(at: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const state = stateOf(error) ?? "";
  const code = "code" in error ? error.code : undefined;
  // Invalid password, no such user or not let in, no such database, no host of that name.
  if (state.startsWith("28") || state === "3D000" || code === "ENOTFOUND")
    return new ExecError("Permanent", `cannot use PostgreSQL at ${at}: ${error.message}`, { cause: error });
  const known = postgresError(error);
  if (known instanceof ExecError)
    return new ExecError(known.code, `cannot use PostgreSQL at ${at}: ${error.message || code}`, {
      cause: error,
    });
  return new ExecError("Permanent", `cannot use PostgreSQL at ${at}: ${error.message}`, { cause: error });
}
