import type { Principal } from "../../identity/principal.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { ProjectRecord } from "../../store/project-record.ts";

/** One request that may go on: who asks, and what the path names. */
export interface Call {
  readonly requestId: string;
  readonly principal: Principal;
  /** Of the project or build in the path; throws for a route that names none. */
  readonly projectId: string;
  /** Throws for a route that names no project, or reads only its id. */
  readonly project: ProjectRecord;
  /** Of a route of one build. */
  readonly build: BuildRecord;
  /** Throws `NotFound` for what belongs to another project than the path says. */
  requireIn(projectId: string): void;
  readonly method: string;
  header(name: string): string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** What a public route is asked by: nobody. */
export const NOBODY: Principal = { kind: "token", id: "nobody", name: "nobody", permissions: [] };
