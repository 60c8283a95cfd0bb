import { createHash } from "node:crypto";
import { ExecError } from "../errors.ts";
import { type CacheScopes, cacheScopes, cacheScopesClaim } from "./cache-scopes.ts";
import { readToken, signToken } from "./job-jwt.ts";
import type { ServiceJob } from "./service-job.ts";

/** A live job, as the services see whoever shows one of its tokens. */
export interface JobIdentity {
  readonly job: ServiceJob;
  /** UUID-shaped, made from build and job: what the clients call backend ids. */
  readonly runBackendId: string;
  readonly jobBackendId: string;
  readonly scopes: CacheScopes;
  /** `owner/repo`: caches of one repository are hidden from every other. */
  readonly repository: string;
}

export type TokenPurpose = "runtime" | "id-token";

type JobName = Pick<ServiceJob, "buildId" | "jobKey" | "attempt">;

/** Longer than any job should take; what really ends a token is the end of its job. */
const TOKEN_LIFETIME_SECONDS = 7 * 24 * 3600;

/**
 * Hands out the tokens of jobs and tells whose a token is. A token is good for its own job, its own purpose, and only
 * until the job is revoked. Jobs are known to this process alone: tokens of another start are refused.
 */
export class JobTokens {
  readonly #secret: Uint8Array;
  readonly #clock: () => number;
  readonly #live = new Map<string, JobIdentity>();

  constructor(secret: Uint8Array, clock: () => number) {
    this.#secret = secret;
    this.#clock = clock;
  }

  issue(job: ServiceJob, purpose: TokenPurpose): string {
    const identity = this.#admit(job);
    const now = Math.floor(this.#clock() / 1000);
    const { runBackendId, jobBackendId } = identity;
    const scope =
      purpose === "runtime"
        ? `Actions.Results:${runBackendId}:${jobBackendId}`
        : `Actions.IdToken:${runBackendId}:${jobBackendId}`;
    return signToken(
      {
        iss: "slipway",
        aud: `slipway/${purpose}`,
        sub: jobBackendId,
        scp: scope,
        ...(purpose === "runtime" && { ac: cacheScopesClaim(identity.scopes) }),
        iat: now,
        nbf: now - 60,
        exp: now + TOKEN_LIFETIME_SECONDS,
      },
      this.#secret,
    );
  }

  /** Throws `Unauthorized` unless the token is a live job's, for this purpose. */
  identify(token: string, purpose: TokenPurpose): JobIdentity {
    const claims = readToken(token, this.#secret);
    if (!claims) throw new ExecError("Unauthorized", "the token is not one of this run's");
    if (claims.aud !== `slipway/${purpose}`) {
      throw new ExecError("Unauthorized", "the token is for another purpose");
    }
    if (!(Number(claims.exp) * 1000 > this.#clock()))
      throw new ExecError("Unauthorized", "the token expired");
    const identity = this.#live.get(String(claims.sub));
    if (!identity) throw new ExecError("Unauthorized", "the job this token belongs to has ended");
    return identity;
  }

  /** Undefined: no such job, or it has ended. */
  liveJob(jobBackendId: string): JobIdentity | undefined {
    return this.#live.get(jobBackendId);
  }

  /** True: the job was live. */
  revoke(job: JobName): boolean {
    return this.#live.delete(jobBackendId(job));
  }

  #admit(job: ServiceJob): JobIdentity {
    const id = jobBackendId(job);
    const repository = typeof job.github.repository === "string" ? job.github.repository : "";
    const identity: JobIdentity = {
      job,
      runBackendId: uuidFor(["run", job.buildId]),
      jobBackendId: id,
      scopes: cacheScopes(job.github, job.cacheMode),
      repository: repository || "local/local",
    };
    this.#live.set(id, identity);
    return identity;
  }
}

export function jobBackendId(job: JobName): string {
  return uuidFor(["job", job.buildId, job.jobKey, job.attempt]);
}

function uuidFor(parts: readonly (string | number)[]): string {
  const hex = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return [...groups, hex.slice(20, 32)].join("-");
}
