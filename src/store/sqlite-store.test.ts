import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
