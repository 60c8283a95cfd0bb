import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ExecError } from "../../errors.ts";
import { SqliteEngine } from "./sqlite-engine.ts";
import { isSqliteBusy } from "./sqlite-error.ts";

/** How long another's lock is waited for: a process that is just ending. */
const BUSY_MS = 1000;

/**
 * Opens (or makes) a SQLite file and locks it until the engine is closed or the process ends, however it ends. The lock
 * keeps two servers from running on one file, and saves every transaction the locking.
 * Rejects with `Permanent`: another process has the file, the folder cannot be written, it is no SQLite file.
 */
export function openSqlite(file: string): SqliteEngine {
  const database = openFile(file);
  try {
    database.exec("pragma locking_mode = exclusive");
    database.exec("pragma journal_mode = wal");
    // With WAL a power cut can lose the newest transactions, but never damages the file.
    database.exec("pragma synchronous = normal");
    database.exec("pragma foreign_keys = on");
    database.exec("pragma temp_store = memory");
    database.exec("pragma cache_size = -32768");
    // Takes the exclusive lock now, not with the first change.
    database.exec("begin exclusive; commit");
    return new SqliteEngine(database);
  } catch (error) {
    database.close();
    throw refusal(file, error);
  }
}

function openFile(file: string): DatabaseSync {
  try {
    if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
    return new DatabaseSync(file, { timeout: BUSY_MS });
  } catch (error) {
    throw refusal(file, error);
  }
}

function refusal(file: string, error: unknown): ExecError {
  const why = error instanceof Error ? error.message : String(error);
  if (isSqliteBusy(error))
    return new ExecError(
      "Permanent",
      `${file} is locked by another process: a SQLite file belongs to one server process. Stop the other one, ` +
        "or use PostgreSQL to run several",
      { cause: error },
    );
  return new ExecError("Permanent", `cannot open ${file} for reading and writing: ${why}`, { cause: error });
}
