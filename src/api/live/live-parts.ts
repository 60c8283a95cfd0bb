import type { BuildHub } from "./build-hub.ts";
import type { ProjectHub } from "./project-hub.ts";
import type { WatchRights } from "./watch-rights.ts";

/** What live views share. */
export interface LiveParts {
  readonly builds: BuildHub;
  readonly projects: ProjectHub;
  readonly rights: WatchRights;
  /** Ends when the server stops. */
  readonly stopping: AbortSignal;
  readonly heartbeatMs: number;
}
