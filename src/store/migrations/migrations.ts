import { firstTables } from "./0001-first-tables.ts";
import { lostLeases } from "./0002-lost-leases.ts";
import { runnerMailboxes } from "./0003-runner-mailboxes.ts";
import type { Migration } from "./migration.ts";

/** Every step of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [firstTables, lostLeases, runnerMailboxes];
