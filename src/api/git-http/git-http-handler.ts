import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Repositories } from "../../repositories/repositories.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { PROBLEMS } from "../problem.ts";
import { admitToGit, type GitAccess, type GitAccessParts } from "./git-access.ts";
import { runGitBackend } from "./git-backend.ts";
import { type GitRequest, parseGitRequest } from "./git-request.ts";
import { GitSlots } from "./git-slots.ts";

export interface GitHttpOptions extends GitAccessParts {
  readonly repositories: Pick<Repositories, "mirrorPath" | "resolve">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `PATH` of this process: git is looked for there. */
  readonly path: string;
  /** Clones at once; who comes beyond waits. 32 where absent. */
  readonly maxProcesses?: number;
  /** For a turn; 2 minutes where absent. */
  readonly waitLimitMs?: number;
  /** Of one request; an hour where absent. */
  readonly timeLimitMs?: number;
}

const HOUR_MS = 3600 * 1000;
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/** Serves the projects' mirrors, to read, under `/git/<project's name or id>.git`. */
export class GitHttpHandler {
  /** First part of the paths that `handle` answers. */
  readonly prefix = "/git";
  readonly #options: GitHttpOptions;
  readonly #slots: GitSlots;

  constructor(options: GitHttpOptions) {
    this.#options = options;
    this.#slots = new GitSlots(options.maxProcesses ?? 32, options.waitLimitMs ?? 120_000, options.clock);
  }

  /** False: the path is not one of these; nothing was read or written. Never rejects. May be handed on by itself. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const wanted = parseGitRequest(request.method ?? "GET", request.url ?? "");
    if (!wanted) return false;
    try {
      if (wanted.kind === "refused") refuse(response, wanted.status, wanted.reason);
      else await this.#serve(wanted.kind, wanted.project, request, response);
    } catch (error) {
      this.#fail(error, wanted, response);
    }
    // What is left of the body is read and dropped: closing now could take the answer away from the sender.
    request.resume();
    return true;
  };

  async #serve(
    kind: Exclude<GitRequest["kind"], "refused">,
    projectName: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { timeLimitMs = HOUR_MS, clock, path } = this.#options;
    const access = await admitToGit(request, projectName, this.#options);
    await this.#slots.enter(response);
    try {
      const repository = await this.#mirror(kind, access);
      if (response.destroyed) return;
      const limits = { clock, path, timeLimitMs, maxRequestBytes: MAX_REQUEST_BYTES };
      await runGitBackend(kind, repository, request, response, limits);
    } finally {
      this.#slots.leave();
    }
  }

  /** This process's mirror may be older than what the caller is about to ask for. */
  async #mirror(kind: GitRequest["kind"], { project, sha }: GitAccess): Promise<string> {
    const { repositories, logger } = this.#options;
    if (kind === "advertise") {
      await repositories.resolve(project, sha ?? project.defaultBranch).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        logger.debug({ projectId: project.id, error: message }, "a mirror is served as it is");
      });
    }
    return repositories.mirrorPath(project);
  }

  #fail(error: unknown, wanted: GitRequest, response: ServerResponse): void {
    const known = error instanceof ExecError ? error : undefined;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const [status] = PROBLEMS[known?.code ?? "Internal"];
    if (status >= 500) {
      const project = "project" in wanted ? wanted.project : undefined;
      this.#options.logger.warn({ project, error }, "a repository could not be served");
    }
    if (status === 401) response.setHeader("www-authenticate", 'Basic realm="Slipway", charset="UTF-8"');
    if (status === 503) response.setHeader("retry-after", "1");
    refuse(
      response,
      status,
      known && known.code !== "Permanent" ? known.message : "The repository cannot be served.",
    );
  }
}

/** As plain text: git shows that to its user. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  const body = `${reason}\n`;
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}
