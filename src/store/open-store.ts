import { sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { kyselyAccessStore } from "./access/kysely-access-store.ts";
import { kyselyBuildStore } from "./builds/kysely-build-store.ts";
import type { Engine } from "./engine/engine.ts";
import { openSqlite } from "./engine/open-sqlite.ts";
import { kyselyArtifactStore } from "./kept/kysely-artifact-store.ts";
import { kyselyRequestStore } from "./kept/kysely-request-store.ts";
import { kyselyLogStore } from "./logs/kysely-log-store.ts";
import { migrate } from "./migrations/migrate.ts";
import { MIGRATIONS } from "./migrations/migrations.ts";
import { kyselyProjectStore } from "./projects/kysely-project-store.ts";
import { kyselyScheduleStore } from "./projects/kysely-schedule-store.ts";
import { kyselyRunnerStore } from "./runners/kysely-runner-store.ts";
import type { Store } from "./store.ts";
import { kyselyApprovalStore } from "./turns/kysely-approval-store.ts";
import { kyselyGroupStore } from "./turns/kysely-group-store.ts";
import { kyselySlotStore } from "./turns/kysely-slot-store.ts";
import { kyselyWebhookStore } from "./webhooks/kysely-webhook-store.ts";

const DEFAULT_POOL_SIZE = 10;

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
  return {
    engine: engine.name,
    access: kyselyAccessStore(engine),
    approvals: kyselyApprovalStore(engine),
    artifacts: kyselyArtifactStore(engine),
    builds: kyselyBuildStore(engine, clock),
    groups: kyselyGroupStore(engine),
    logs: kyselyLogStore(engine),
    projects: kyselyProjectStore(engine),
    requests: kyselyRequestStore(engine),
    runners: kyselyRunnerStore(engine),
    schedules: kyselyScheduleStore(engine, clock),
    slots: kyselySlotStore(engine),
    webhooks: kyselyWebhookStore(engine, clock),
    async ping() {
      const query = sql<{ now: number }>`select ${sql.raw(engine.traits.clock)} as now`;
      const [row] = await engine.session.query(query.compile(engine.db));
      return Number(row?.now);
    },
    ...(engine.copyTo === undefined ? {} : { copyTo: engine.copyTo.bind(engine) }),
    close: () => engine.close(),
  };
}

/** Lends the engine below the store to what looks at the schema itself: its golden dump, query plans. */
export async function withEngine<T>(
  options: StoreOptions,
  logger: Logger,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openEngine(options, logger);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

async function openEngine(options: StoreOptions, logger: Logger): Promise<Engine> {
  const engine = await connect(options, logger);
  try {
    await migrate(engine, MIGRATIONS, logger);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** The driver of PostgreSQL is loaded only where it is used. */
async function connect(options: StoreOptions, logger: Logger): Promise<Engine> {
  if (options.kind === "sqlite") return openSqlite(options.file);
  const { openPostgres } = await import("./engine/open-postgres.ts");
  return openPostgres(options.url, options.poolSize ?? DEFAULT_POOL_SIZE, logger);
}
