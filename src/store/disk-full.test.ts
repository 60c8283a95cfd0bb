import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { SqliteEngine } from "./engine/sqlite-engine.ts";
import { kyselyLogStore } from "./logs/kysely-log-store.ts";
import { migrate } from "./migrations/migrate.ts";
import { MIGRATIONS } from "./migrations/migrations.ts";

it("a full disk is QuotaExceeded, takes the transaction back, and ends when there is room", async () => {
  const database = new DatabaseSync(":memory:");
  const engine = new SqliteEngine(database);
  await migrate(engine, MIGRATIONS, silentLogger);
  const logs = kyselyLogStore(engine);
  const ref = { type: "step", id: "s" } as const;
  const chunk = (seq: number) => ({
    ref,
    seq,
    startByte: (seq - 1) * 100_000,
    content: new Uint8Array(100_000),
    at: new FakeClock().now(),
  });
  await logs.append([chunk(1)]);
  database.exec("pragma max_page_count = 150");
  await expect(logs.append([chunk(2), chunk(3), chunk(4), chunk(5), chunk(6)])).rejects.toMatchObject({
    code: "QuotaExceeded",
    message: expect.stringContaining("cannot grow"),
  });
  expect(await logs.tail(ref)).toEqual({ seq: 1, endByte: 100_000, kept: "rows" });
  database.exec("pragma max_page_count = 100000");
  await logs.append([chunk(2)]);
  expect(await logs.tail(ref)).toEqual({ seq: 2, endByte: 200_000, kept: "rows" });
  await engine.close();
});
