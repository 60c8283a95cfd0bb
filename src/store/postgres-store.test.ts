import { testPostgres } from "../../test/support/postgres.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { openStore } from "./open-store.ts";
import { storeConformance } from "./store.conformance.ts";

storeConformance("PostgreSQL", async (clock) => {
  const { url, dispose } = await testPostgres();
  return { store: await openStore({ kind: "postgres", url }, { clock, logger: silentLogger }), dispose };
});
