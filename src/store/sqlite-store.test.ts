import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { openStore } from "./open-store.ts";
import { storeConformance } from "./store.conformance.ts";

storeConformance("a SQLite file", async (clock) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-store-"));
  const file = join(folder, "slipway.db");
  return {
    store: await openStore({ kind: "sqlite", file }, { clock, logger: silentLogger }),
    dispose: () => rm(folder, { recursive: true }),
  };
});

const deps = { clock: systemClock, logger: silentLogger };

async function fileIn() {
  const folder = await mkdtemp(join(tmpdir(), "slipway-store-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return { folder, file: join(folder, "slipway.db"), copy: join(folder, "copy.db") };
}

const token = (at: number) => ({
  id: `t${at}`,
  name: "x".repeat(2_000),
  hash: `h${at}`,
  permissions: [],
  createdAt: at,
});

it("a SQLite file is copied whole, as it is at one moment, while it is written", async () => {
  const { file, copy } = await fileIn();
  const store = await openStore({ kind: "sqlite", file }, deps);
  for (let at = 0; at < 2_000; at += 1) await store.access.addToken(token(at));
  let written = 2_000;
  let copied = false;
  const writing = (async () => {
    while (!copied) {
      await Promise.all([written, written + 1, written + 2].map((at) => store.access.addToken(token(at))));
      written += 3;
    }
  })();
  await store.copyTo?.(copy);
  copied = true;
  await writing;
  const database = new DatabaseSync(copy);
  expect(database.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  database.close();
  const again = await openStore({ kind: "sqlite", file: copy }, deps);
  const kept = await again.access.listTokens();
  await again.close();
  expect(kept.length).toBeGreaterThanOrEqual(2_000);
  expect(kept.length).toBeLessThanOrEqual(written);
  // None in between is missing: it is what was committed up to a moment.
  expect(new Set(kept.map(({ createdAt }) => createdAt)).size).toBe(kept.length);
  expect(Math.max(...kept.map(({ createdAt }) => createdAt))).toBe(kept.length - 1);
  expect(await store.access.listTokens()).toHaveLength(written);
  await store.close();
});

it("a copy replaces nothing, and the end of a store waits for it", async () => {
  const { folder, file, copy } = await fileIn();
  const store = await openStore({ kind: "sqlite", file }, deps);
  await store.access.addToken(token(1));
  await writeFile(copy, "mine");
  await expect(store.copyTo?.(copy)).rejects.toMatchObject({
    code: "Permanent",
    message: expect.stringContaining("EEXIST"),
  });
  await expect(store.copyTo?.(join(folder, "no", "such"))).rejects.toMatchObject({ code: "Permanent" });
  const copying = store.copyTo?.(`${copy}2`);
  await store.close();
  await copying;
  expect((await readdir(folder)).sort()).toEqual(["copy.db", "copy.db2", "slipway.db"]);
  const again = await openStore({ kind: "sqlite", file: `${copy}2` }, deps);
  expect(await again.access.listTokens()).toHaveLength(1);
  await again.close();
});

it("records in memory are not copied", async () => {
  const { copy } = await fileIn();
  const store = await openStore({ kind: "sqlite", file: ":memory:" }, deps);
  await expect(store.copyTo?.(copy)).rejects.toMatchObject({ code: "Conflict" });
  await store.close();
});
