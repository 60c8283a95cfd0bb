import type { BuildTables } from "./build-tables.ts";
import type { KeptTables } from "./kept-tables.ts";
import type { ProjectTables } from "./project-tables.ts";
import type { RunnerTables } from "./runner-tables.ts";
import type { TurnTables } from "./turn-tables.ts";

/**
 * Every table, as both engines have it. Times are Unix milliseconds, flags 0 or 1, `*_json` columns JSON as text.
 */
export interface Tables extends ProjectTables, BuildTables, TurnTables, KeptTables, RunnerTables {}
