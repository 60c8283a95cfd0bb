import type { ExecutorService } from "../builds/service/executor-service.ts";
import type { Clock } from "../clock.ts";
import type { Repositories } from "../repositories/repositories.ts";
import type { BuildStore } from "../store/build-store.ts";
import type { ProjectStore } from "../store/project-store.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What the pipeline service works with. */
export interface PipelineParts {
  readonly store: { readonly projects: ProjectStore; readonly builds: Pick<BuildStore, "get"> };
  readonly repositories: Repositories;
  readonly executor: Pick<ExecutorService, "createBuild">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where people and jobs reach this server, without a slash at the end: payloads of events link there. */
  readonly serverUrl: string;
  /**
   * What `github.server_url` says. `https://github.com` where absent: GitHub's own artifact and cache clients refuse to
   * work for any other host.
   */
  readonly githubUrl?: string;
}
