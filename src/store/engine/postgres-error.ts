import { ExecError, type ExecErrorCode } from "../../errors.ts";

// https://www.postgresql.org/docs/current/errcodes-appendix.html, by code, else by class.
const BY_STATE: Readonly<Record<string, ExecErrorCode>> = {
  "23505": "Conflict", // unique_violation
  "23503": "NotFound", // foreign_key_violation
  "25006": "Transient", // read_only_sql_transaction: a standby, while the other takes over
  "40001": "Transient", // serialization_failure
  "40P01": "Transient", // deadlock_detected
  "53100": "QuotaExceeded", // disk_full
  "54000": "QuotaExceeded", // program_limit_exceeded
  "55P03": "Transient", // lock_not_available
  "57014": "Transient", // query_canceled: a time limit
};
const BY_CLASS: Readonly<Record<string, ExecErrorCode>> = {
  "08": "Transient", // connection exception
  "53": "Transient", // insufficient resources: too many connections, out of memory
  "57": "Transient", // operator intervention: shutdown, crash, starting up
  "58": "Transient", // system error
};
const TEXTS: Partial<Record<ExecErrorCode, string>> = {
  Conflict: "it is in the records already",
  NotFound: "what this belongs to is not in the records",
  QuotaExceeded: "the records cannot grow",
};
/** What the network and the driver say without a state of PostgreSQL's. */
const LOST =
  /^(E[A-Z]+|Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|Client was closed|The server closed)/i;

/** An error of PostgreSQL, its driver or the network in the words of `Store`; others as they are. */
export function postgresError(error: unknown): unknown {
  if (error instanceof ExecError || !(error instanceof Error)) return error;
  const state = stateOf(error);
  if (state !== undefined) {
    const code = BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? "Permanent";
    return new ExecError(code, `${TEXTS[code] ?? "PostgreSQL"}: ${error.message}`, { cause: error });
  }
  if (isLost(error))
    return new ExecError("Transient", `PostgreSQL does not answer: ${error.message || codeOf(error)}`, {
      cause: error,
    });
  return error;
}

/** Undefined: it did not come from PostgreSQL. */
export function stateOf(error: Error): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && "severity" in error ? code : undefined;
}

/** True: the whole transaction may be tried again, and has changed nothing. */
export function isLostRace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const state = stateOf(error);
  return state === "40001" || state === "40P01";
}

function isLost(error: Error): boolean {
  if (error instanceof AggregateError)
    return error.errors.some((each) => each instanceof Error && isLost(each));
  return LOST.test(codeOf(error) ?? "") || LOST.test(error.message);
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
