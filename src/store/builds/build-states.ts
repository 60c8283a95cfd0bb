import { type RawBuilder, sql } from "kysely";

// Written as literals: only so do the engines see that the partial indexes serve.
export const IS_WAITING: RawBuilder<boolean> = sql`status in ('pending', 'queued')`;
export const IS_RUNNING: RawBuilder<boolean> = sql`status = 'running'`;
export const IS_RERUN: RawBuilder<boolean> = sql`attempt > 1`;
