import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isFinal } from "../status.ts";
import type { BuildStore } from "../store/build-store.ts";
import { jobBackendId, runBackendId } from "./backend-id.ts";
import { cacheScopes } from "./cache-scopes.ts";
import { jobClaims, readJobClaims } from "./job-claims.ts";
import { signToken } from "./job-jwt.ts";
import type { JobIdentity, JobName, JobTokens, TokenPurpose } from "./job-tokens.ts";
import type { MasterKey } from "./master-key.ts";
import { serviceContext } from "./service-context.ts";
import type { ServiceJob } from "./service-job.ts";

export interface StoredJobTokensOptions {
  readonly builds: Pick<BuildStore, "get" | "jobs" | "job">;
  /** The first one signs; the others, older ones, are still believed. */
  readonly masterKeys: readonly [MasterKey, ...MasterKey[]];
  readonly clock: Pick<Clock, "now" | "after">;
}

/** A job of the records, as its tokens are good for it. */
export interface StoredJobIdentity extends JobIdentity {
  readonly projectId: string;
  /** `BuildRecord.sha`: what its checkout will ask for. */
  readonly sha: string;
}

/** What a token carries besides the usual claims, so that any server can serve the job without asking who it is. */
interface Passport extends Place {
  readonly job: ServiceJob;
}

/** Where a job is in the records; never changes. */
interface Place {
  readonly project: string;
  readonly root: string;
  readonly record: string;
  readonly sha: string;
}

const LIVE_FOR_MS = 1000;
/** Until then the record says so too; for longer it must not count: another worker may go on with the same job. */
const REVOKED_FOR_MS = 10_000;
const RECORD_POLL_MS = 50;
const RECORD_WAIT_MS = 2000;
const MAX_REMEMBERED = 10_000;

/**
 * Tokens that any process of a server reads: signed with a key that all of them have, and good while the records say
 * that the job has not ended. How that stands is asked at most once a second for each job and process.
 */
export class StoredJobTokens implements JobTokens {
  readonly #builds: StoredJobTokensOptions["builds"];
  readonly #keys: readonly [Uint8Array, ...Uint8Array[]];
  readonly #clock: StoredJobTokensOptions["clock"];
  readonly #places = new Map<string, Place>();
  readonly #remembered = new Map<string, { readonly until: number; readonly live: Promise<boolean> }>();

  constructor({ builds, masterKeys: [first, ...older], clock }: StoredJobTokensOptions) {
    const signingKey = (master: MasterKey) => master.derive("signing tokens of jobs");
    this.#builds = builds;
    this.#keys = [signingKey(first), ...older.map(signingKey)];
    this.#clock = clock;
  }

  /** Rejects with `Transient` where the job is not in the records, nor comes into them within two seconds. */
  async issue(job: ServiceJob, purpose: TokenPurpose): Promise<string> {
    const place = await this.#placeOf(job);
    const small = { ...job, github: serviceContext(job.github) };
    // Clones and runners need none of what caches and proofs are decided by.
    const carried = purpose === "git" || purpose === "runner" ? { ...small, github: {} } : small;
    const passport: Passport = { ...place, job: carried };
    const claims = jobClaims(identityOf(passport), purpose, this.#clock.now());
    return signToken({ ...claims, slipway: passport as unknown as JsonObject }, this.#keys[0]);
  }

  async identify(token: string, purpose: TokenPurpose): Promise<StoredJobIdentity> {
    const claims = readJobClaims(token, purpose, this.#keys, this.#clock);
    const identity = identityOf(passportOf(claims));
    if (await this.isLive(identity.liveId)) return identity;
    throw new ExecError("Unauthorized", "the job this token belongs to has ended");
  }

  isLive(liveId: string): Promise<boolean> {
    const now = this.#clock.now();
    const known = this.#remembered.get(liveId);
    if (known && now < known.until) return known.live;
    const live = this.#look(liveId);
    this.#remember(liveId, live, now + LIVE_FOR_MS);
    live.catch(() => this.#remembered.delete(liveId));
    return live;
  }

  /** Only this process knows at once; the others when they look at its record again. */
  async revoke(job: JobName): Promise<string | undefined> {
    const { record } = await this.#placeOf(job);
    const wasLive = await this.isLive(record);
    this.#remember(record, Promise.resolve(false), this.#clock.now() + REVOKED_FOR_MS);
    return wasLive ? record : undefined;
  }

  async #look(jobId: string): Promise<boolean> {
    try {
      const { status, latest } = await this.#builds.job(jobId);
      return latest && !isFinal(status);
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") return false;
      throw error;
    }
  }

  async #placeOf(job: JobName): Promise<Place> {
    const id = jobBackendId(job);
    for (let waitedMs = 0; ; waitedMs += RECORD_POLL_MS) {
      const place = this.#places.get(id) ?? (await this.#readPlaces(job.buildId)).get(id);
      if (place) return place;
      // Its builder writes a further attempt beside its work, and the records may be behind by a moment.
      if (waitedMs >= RECORD_WAIT_MS) break;
      await new Promise<void>((resolve) => this.#clock.after(RECORD_POLL_MS, resolve));
    }
    const { buildId, jobKey, attempt } = job;
    throw new ExecError(
      "Transient",
      `Attempt ${attempt} at the job ${jobKey} of build ${buildId} is not in the records.`,
    );
  }

  /** Of all jobs of a build: the legs of a large matrix begin together. */
  async #readPlaces(buildId: string): Promise<ReadonlyMap<string, Place>> {
    const [build, records] = await Promise.all([this.#builds.get(buildId), this.#builds.jobs(buildId)]);
    if (this.#places.size >= MAX_REMEMBERED) this.#places.clear();
    for (const { key: jobKey, attempt, id } of records) {
      const place = { project: build.projectId, root: build.rootId, record: id, sha: build.sha };
      this.#places.set(jobBackendId({ buildId, jobKey, attempt }), place);
    }
    return this.#places;
  }

  #remember(jobId: string, live: Promise<boolean>, until: number): void {
    // The oldest entry goes: a job that is forgotten is looked up again.
    const oldest = this.#remembered.size >= MAX_REMEMBERED ? this.#remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.#remembered.delete(oldest);
    this.#remembered.set(jobId, { until, live });
  }
}

function passportOf(claims: JsonObject): Passport {
  const { slipway } = claims;
  if (typeof slipway === "object" && slipway !== null) return slipway as unknown as Passport;
  throw new ExecError("Unauthorized", "the token is none of a job's here");
}

function identityOf({ project, root, record, sha, job }: Passport): StoredJobIdentity {
  return {
    job,
    liveId: record,
    runBackendId: runBackendId(root),
    jobBackendId: jobBackendId(job),
    runId: root,
    projectId: project,
    sha,
    scopes: cacheScopes(job.github, job.cacheMode),
    space: project,
  };
}
