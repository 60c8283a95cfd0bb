// A project on a server, as a client of the API sees it.
import type { TestServer } from "./server.ts";
import { waitFor } from "./server.ts";

export interface BuildAnswer {
  readonly id: string;
  readonly projectId: string;
  readonly number: number;
  readonly attempt: number;
  readonly rootId: string;
  readonly status: string;
  readonly trigger: string;
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly title: string;
  readonly actor: string;
  readonly error?: string;
  readonly cancelReason?: string;
  readonly jobs: readonly JobAnswer[];
  readonly approvals: readonly {
    readonly jobKey: string;
    readonly environment: string;
    readonly state: string;
    readonly decidedBy?: string;
    readonly comment?: string;
  }[];
}

export interface JobAnswer {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly kind: string;
  readonly reason?: string;
  readonly error?: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly carriedFrom?: string;
  readonly logUrl: string;
  readonly steps: readonly StepAnswer[];
}

export interface StepAnswer {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly status: string;
  readonly log: { readonly url: string; readonly kept: string; readonly sizeBytes: number };
}

const ENDED = ["succeeded", "failed", "cancelled"];
const BUILD_LIMIT_MS = 120_000;

export class ApiProject {
  readonly id: string;
  readonly #server: () => TestServer;

  private constructor(id: string, server: () => TestServer) {
    this.id = id;
    this.#server = server;
  }

  /** `server` is asked for anew each time: it may have been started again. */
  static async add(
    server: () => TestServer,
    name: string,
    repositoryUrl: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<ApiProject> {
    const { id } = await server().ok<{ id: string }>("POST", "projects", { name, repositoryUrl, ...more });
    return new ApiProject(id, server);
  }

  get path(): string {
    return `projects/${this.id}`;
  }

  get builds(): string {
    return `${this.path}/pipelines`;
  }

  async start(
    pipeline: string,
    request: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly id: string; readonly status: string; readonly number: number }> {
    return await this.#server().ok("POST", this.builds, { pipeline, ...request });
  }

  async build(id: string): Promise<BuildAnswer> {
    return await this.#server().ok<BuildAnswer>("GET", `${this.builds}/${id}`);
  }

  /** Resolves with the build once it is as wanted. */
  async until(id: string, isSo: (build: BuildAnswer) => boolean): Promise<BuildAnswer> {
    let build = await this.build(id);
    await waitFor(
      async () => {
        build = await this.build(id);
        return isSo(build);
      },
      BUILD_LIMIT_MS,
      () => `the build is not as it should be: ${JSON.stringify(build, undefined, 1)}`,
    );
    return build;
  }

  ended(id: string): Promise<BuildAnswer> {
    return this.until(id, ({ status }) => ENDED.includes(status));
  }

  /** Starts a build and resolves at its end. */
  async run(pipeline: string, request: Readonly<Record<string, unknown>> = {}): Promise<BuildAnswer> {
    return await this.ended((await this.start(pipeline, request)).id);
  }

  /** The text of a whole job. */
  async log({ jobs }: BuildAnswer, key: string): Promise<string> {
    const url = jobs.findLast((job) => job.key === key)?.logUrl;
    if (url === undefined) throw new Error(`there is no job ${key} among ${jobs.map((job) => job.key)}`);
    return (await this.#server().ok<string>("GET", url)) as string;
  }
}

/** Keys of jobs and their states. */
export function statesOf({ jobs }: BuildAnswer): Record<string, string> {
  return Object.fromEntries(jobs.map(({ key, status }) => [key, status]));
}
