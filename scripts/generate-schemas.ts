// The golden dumps of the records' schema. That of PostgreSQL needs a server, so that checking it is a test's
// (src/store/schema/schema.test.ts) and only writing it is done here.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StoreOptions, withEngine } from "../src/store/open-store.ts";
import { dumpSchema } from "../src/store/schema/dump-schema.ts";
import { silentLogger } from "../src/telemetry/logger.ts";
import { startPostgres } from "../test/support/parts/postgres-server.ts";

/** Texts by path. */
export async function schemaFiles(checkOnly: boolean): Promise<Readonly<Record<string, string>>> {
  const sqlite = { "src/store/schema/sqlite.sql": await dump({ kind: "sqlite", file: ":memory:" }) };
  if (checkOnly) return sqlite;
  const folder = mkdtempSync(join(tmpdir(), "slipway-schema-"));
  try {
    const server = await startPostgres(folder);
    try {
      const url = server.info.url ?? "";
      return { ...sqlite, "src/store/schema/postgres.sql": await dump({ kind: "postgres", url }) };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dump(options: StoreOptions): Promise<string> {
  return withEngine(options, silentLogger, dumpSchema);
}
