import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { readConfig } from "../config/read-config.ts";
import type { Config } from "../config/settings.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { openDataFolder } from "./data-folder.ts";
import { openRecords } from "./engines.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-engines-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function config(): Config {
  const read = readConfig({ flags: {}, env: {} });
  if ("problems" in read) throw new Error(read.problems.join("\n"));
  return read.config;
}

it.each([
  [-3600, /3600 s behind the database's/],
  [90, /90 s ahead of the database's/],
])("does not work with records whose clock is %i s away", async (seconds, problem) => {
  const folder = await openDataFolder(join(root, `off${seconds}`));
  const clock = { ...systemClock, now: () => systemClock.now() + seconds * 1000 };
  await expect(openRecords(config(), folder, { clock, logger: silentLogger })).rejects.toThrow(problem);
  // It has let go of the file.
  const store = await openRecords(config(), folder, { clock: systemClock, logger: silentLogger });
  expect(store.engine).toBe("sqlite");
  await store.close();
});
