import { ExecError, type ExecErrorCode } from "../../errors.ts";

// https://sqlite.org/rescode.html: primary codes, and the extended codes of constraints.
const PRIMARY: Readonly<Record<number, ExecErrorCode>> = {
  5: "Transient", // BUSY
  6: "Transient", // LOCKED
  7: "Transient", // NOMEM
  10: "Transient", // IOERR
  13: "QuotaExceeded", // FULL
  18: "QuotaExceeded", // TOOBIG
  19: "Conflict", // CONSTRAINT
};
const FOREIGN_KEY = 787;

/** An error of node:sqlite in the words of `Store`; others as they are. */
export function sqliteError(error: unknown): unknown {
  if (!isSqliteError(error)) return error;
  const { errcode } = error;
  if (errcode === FOREIGN_KEY)
    return new ExecError("NotFound", "what this belongs to is not in the records", { cause: error });
  const code = PRIMARY[errcode & 0xff] ?? "Permanent";
  const text =
    code === "QuotaExceeded"
      ? `the records cannot grow: ${error.message}`
      : code === "Conflict"
        ? `it is in the records already: ${error.message}`
        : `SQLite: ${error.message}`;
  return new ExecError(code, text, { cause: error });
}

/** True where another connection holds the file. */
export function isSqliteBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === 5;
}

function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}
