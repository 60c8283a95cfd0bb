import { sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { kyselyBuildStore } from "./builds/kysely-build-store.ts";
import type { Engine } from "./engine/engine.ts";
import { openSqlite } from "./engine/open-sqlite.ts";
import { prepared } from "./engine/prepared.ts";
import { kyselyLogStore } from "./logs/kysely-log-store.ts";
import { migrate } from "./migrations/migrate.ts";
import { MIGRATIONS } from "./migrations/migrations.ts";
import { kyselyProjectStore } from "./projects/kysely-project-store.ts";
import type { Store } from "./store.ts";

export type StoreOptions =
  /** `:memory:`: gone with the process. */
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: string; readonly poolSize?: number };

export interface StoreDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens the records and brings their schema up to date, under a lock. Rejects with `Permanent`: a SQLite file that another
 * process has, a folder that cannot be written, a wrong address, password or database, a schema newer than the program;
 * with `Transient` where PostgreSQL does not answer.
 */
export async function openStore(options: StoreOptions, { clock, logger }: StoreDeps): Promise<Store> {
  const engine = await openEngine(options, logger);
  try {
    await migrate(engine, MIGRATIONS, logger);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return {
    engine: engine.name,
    builds: kyselyBuildStore(engine, clock),
    logs: kyselyLogStore(engine),
    projects: kyselyProjectStore(engine),
    async ping() {
      const [row] = await engine.session.rows(NOW, engine.traits.clock);
      return row?.now ?? Number.NaN;
    },
    close: () => engine.close(),
  } as unknown as Store;
}

async function openEngine(options: StoreOptions, _logger: Logger): Promise<Engine> {
  if (options.kind === "sqlite") return openSqlite(options.file);
  throw new Error("soon");
}

const NOW = prepared<unknown, { now: number }>((db) => {
  const query = sql<{ now: number }>`select 1 as now`;
  return { compile: () => query.compile(db) };
});
