import { ExecError } from "../errors.ts";
import { jobBackendId, runBackendId } from "./backend-id.ts";
import { cacheScopes } from "./cache-scopes.ts";
import { jobClaims, readJobClaims } from "./job-claims.ts";
import { signToken } from "./job-jwt.ts";
import type { JobIdentity, JobName, JobTokens, TokenPurpose } from "./job-tokens.ts";
import type { ServiceJob } from "./service-job.ts";

/** Jobs known to this process alone, good until they are revoked: tokens of another start are refused. */
export class MemoryJobTokens implements JobTokens {
  readonly #secret: Uint8Array;
  readonly #clock: () => number;
  readonly #live = new Map<string, JobIdentity>();

  constructor(secret: Uint8Array, clock: () => number) {
    this.#secret = secret;
    this.#clock = clock;
  }

  async issue(job: ServiceJob, purpose: TokenPurpose): Promise<string> {
    return signToken(jobClaims(this.#admit(job), purpose, this.#clock()), this.#secret);
  }

  async identify(token: string, purpose: TokenPurpose): Promise<JobIdentity> {
    const claims = readJobClaims(token, purpose, [this.#secret], { now: this.#clock });
    const identity = this.#live.get(String(claims.sub));
    if (!identity) throw new ExecError("Unauthorized", "the job this token belongs to has ended");
    return identity;
  }

  async isLive(liveId: string): Promise<boolean> {
    return this.#live.has(liveId);
  }

  async revoke(job: JobName): Promise<string | undefined> {
    const id = jobBackendId(job);
    return this.#live.delete(id) ? id : undefined;
  }

  #admit(job: ServiceJob): JobIdentity {
    const id = jobBackendId(job);
    const repository = typeof job.github.repository === "string" ? job.github.repository : "";
    const identity: JobIdentity = {
      job,
      liveId: id,
      runBackendId: runBackendId(job.buildId),
      jobBackendId: id,
      runId: job.buildId,
      scopes: cacheScopes(job.github, job.cacheMode),
      space: repository || "local/local",
    };
    this.#live.set(id, identity);
    return identity;
  }
}
