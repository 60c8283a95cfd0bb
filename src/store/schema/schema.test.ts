import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { testPostgres } from "../../../test/support/postgres.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { withEngine } from "../open-store.ts";
import { dumpSchema } from "./dump-schema.ts";

const golden = (name: string) => readFile(new URL(name, import.meta.url), "utf8");

it("the schema of SQLite is the one in schema/sqlite.sql (else: npm run generate)", async () => {
  const dump = await withEngine({ kind: "sqlite", file: ":memory:" }, silentLogger, dumpSchema);
  expect(dump).toBe(await golden("sqlite.sql"));
});

it("the schema of PostgreSQL is the one in schema/postgres.sql (else: npm run generate)", async () => {
  const { url, dispose } = await testPostgres();
  try {
    const dump = await withEngine({ kind: "postgres", url }, silentLogger, dumpSchema);
    expect(dump).toBe(await golden("postgres.sql"));
  } finally {
    await dispose();
  }
});
