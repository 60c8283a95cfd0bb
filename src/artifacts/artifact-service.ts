import { ExecError } from "../errors.ts";
import type { JobIdentity } from "../identity/job-tokens.ts";
import type { JsonObject } from "../json.ts";
import { type ArtifactCatalog, contentKey } from "./artifact-catalog.ts";
import { checkArtifactName } from "./artifact-name.ts";
import type { ArtifactRecord } from "./artifact-record.ts";
import { sha256File } from "./sha256-file.ts";
import { intField, textField, timeField } from "./twirp-fields.ts";
import type { UploadSession, UploadSessions } from "./upload-sessions.ts";

interface Reservation {
  readonly session: UploadSession;
  readonly mimeType: string;
  readonly expiresAt: number;
  finishing: boolean;
}

export interface ArtifactServiceParts {
  readonly catalog: ArtifactCatalog;
  readonly sessions: UploadSessions;
  readonly clock: () => number;
  readonly retentionDays: number;
  /** Full addresses. */
  readonly uploadUrl: (session: UploadSession) => string;
  readonly downloadUrl: (identity: JobIdentity, key: string, contentType: string, fileName: string) => string;
}

const DAY_MS = 24 * 3600 * 1000;
/** GitHub's limit. */
const MAX_ARTIFACTS_A_JOB = 500;
const OLDEST_VERSION = 4;

/**
 * `github.actions.results.api.v1.ArtifactService`: CreateArtifact, then the upload to the address it gives, then
 * FinalizeArtifact; ListArtifacts, GetSignedArtifactURL, DeleteArtifact. A job sees the artifacts of its own build.
 */
export class ArtifactService {
  readonly #parts: ArtifactServiceParts;
  readonly #reservations = new Map<string, Reservation>();

  constructor(parts: ArtifactServiceParts) {
    this.#parts = parts;
  }

  /** Undefined: there is no such method. */
  call(method: string, identity: JobIdentity, request: JsonObject): Promise<JsonObject> | undefined {
    switch (method) {
      case "CreateArtifact":
        return this.#create(identity, request);
      case "FinalizeArtifact":
        return this.#finalize(identity, request);
      case "ListArtifacts":
        return this.#list(identity, request);
      case "GetSignedArtifactURL":
        return this.#signedUrl(identity, request);
      case "DeleteArtifact":
        return this.#delete(identity, request);
      default:
        return undefined;
    }
  }

  /** Forgets what the job began and did not finish. */
  async dropJob(identity: JobIdentity): Promise<void> {
    for (const [key, reservation] of this.#reservations) {
      if (reservation.session.owner === identity.jobBackendId) this.#reservations.delete(key);
    }
    await this.#parts.sessions.endAllOf(identity.jobBackendId);
  }

  async #create(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    checkRun(identity, request);
    checkJob(identity, request);
    const { catalog, clock, sessions } = this.#parts;
    const { job } = identity;
    const name = textField(request, "name");
    checkArtifactName(name);
    const version = intField(request, "version") ?? OLDEST_VERSION;
    if (version < OLDEST_VERSION) {
      throw new ExecError("InvalidSpec", `artifacts of version ${version} are not served, only 4 and later`);
    }
    const existing = await catalog.find(job.buildId, name);
    if (existing && !isOfEarlierAttempt(existing, identity)) throw alreadyExists(name);
    const mine = (await catalog.list(job.buildId)).filter((a) => a.jobBackendId === identity.jobBackendId);
    if (mine.length >= MAX_ARTIFACTS_A_JOB) {
      throw new ExecError("QuotaExceeded", `a job keeps at most ${MAX_ARTIFACTS_A_JOB} artifacts`);
    }
    const wish = timeField(request, "expires_at");
    const latest = clock() + this.#parts.retentionDays * DAY_MS;
    await this.#dropStale(identity, name);
    const session = await sessions.begin(identity.jobBackendId, Number.POSITIVE_INFINITY);
    const key = reservationKey(job.buildId, name);
    if (this.#reservations.has(key)) {
      await sessions.end(session);
      throw alreadyExists(name);
    }
    this.#reservations.set(key, {
      session,
      mimeType: textField(request, "mime_type") || "application/zip",
      expiresAt: wish === undefined ? latest : Math.min(wish, latest),
      finishing: false,
    });
    return { ok: true, signed_upload_url: this.#parts.uploadUrl(session) };
  }

  async #finalize(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    checkRun(identity, request);
    checkJob(identity, request);
    const { catalog, sessions } = this.#parts;
    const { job } = identity;
    const name = textField(request, "name");
    const key = reservationKey(job.buildId, name);
    const reservation = this.#reservations.get(key);
    if (reservation?.session.owner !== identity.jobBackendId || reservation.finishing) {
      throw new ExecError("NotFound", `this job is not uploading an artifact ${JSON.stringify(name)}`);
    }
    const { staged } = reservation.session;
    if (staged.sizeBytes === undefined) {
      throw new ExecError("InvalidSpec", `the upload of artifact ${JSON.stringify(name)} is not complete`);
    }
    reservation.finishing = true;
    try {
      const digest = await sha256File(staged.path);
      checkContent(name, staged.sizeBytes, digest, request);
      const record: ArtifactRecord = {
        format: 1,
        id: catalog.nextId(),
        name,
        buildId: job.buildId,
        jobKey: job.jobKey,
        attempt: job.attempt,
        jobBackendId: identity.jobBackendId,
        mimeType: reservation.mimeType,
        file: fileName(name, reservation.mimeType),
        sizeBytes: staged.sizeBytes,
        digest,
        createdAt: this.#parts.clock(),
        expiresAt: reservation.expiresAt,
      };
      await catalog.add(record, { file: staged.path, move: true });
      return { ok: true, artifact_id: String(record.id) };
    } finally {
      this.#reservations.delete(key);
      await sessions.end(reservation.session);
    }
  }

  async #list(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    checkRun(identity, request);
    const name = textField(request, "name_filter");
    const id = intField(request, "id_filter");
    const all = await this.#parts.catalog.list(identity.job.buildId);
    const artifacts = all
      .filter((record) => (name === "" || record.name === name) && (id === undefined || record.id === id))
      .map((record) => ({
        workflow_run_backend_id: identity.runBackendId,
        workflow_job_run_backend_id: record.jobBackendId,
        database_id: String(record.id),
        name: record.name,
        size: String(record.sizeBytes),
        created_at: new Date(record.createdAt).toISOString(),
        digest: record.digest,
      }));
    return { artifacts };
  }

  async #signedUrl(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const record = await this.#wanted(identity, request);
    const { downloadUrl } = this.#parts;
    return { signed_url: downloadUrl(identity, contentKey(record), record.mimeType, record.file) };
  }

  async #delete(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const record = await this.#wanted(identity, request);
    await this.#parts.catalog.remove(record);
    return { ok: true, artifact_id: String(record.id) };
  }

  async #wanted(identity: JobIdentity, request: JsonObject): Promise<ArtifactRecord> {
    checkRun(identity, request);
    const name = textField(request, "name");
    const record = await this.#parts.catalog.find(identity.job.buildId, name);
    if (!record) throw new ExecError("NotFound", `this build has no artifact ${JSON.stringify(name)}`);
    return record;
  }

  /** A job that failed to upload may begin again; what it left counts for nothing, unless it is arriving right now. */
  async #dropStale(identity: JobIdentity, name: string): Promise<void> {
    const key = reservationKey(identity.job.buildId, name);
    const reservation = this.#reservations.get(key);
    if (!reservation) return;
    const { session, finishing } = reservation;
    if (session.owner !== identity.jobBackendId || session.staged.busy || finishing)
      throw alreadyExists(name);
    this.#reservations.delete(key);
    await this.#parts.sessions.end(session);
  }
}

function checkRun(identity: JobIdentity, request: JsonObject): void {
  if (textField(request, "workflow_run_backend_id") !== identity.runBackendId) {
    throw new ExecError("Forbidden", "the artifacts of another run are out of this job's reach");
  }
}

function checkJob(identity: JobIdentity, request: JsonObject): void {
  if (textField(request, "workflow_job_run_backend_id") !== identity.jobBackendId) {
    throw new ExecError("Forbidden", "a job uploads artifacts in its own name only");
  }
}

function checkContent(name: string, sizeBytes: number, digest: string, request: JsonObject): void {
  const size = intField(request, "size") ?? 0;
  if (size !== sizeBytes) {
    throw new ExecError("InvalidSpec", `artifact ${name}: ${sizeBytes} bytes arrived, ${size} were sent`);
  }
  const hash = textField(request, "hash");
  if (hash !== "" && hash.toLowerCase() !== digest) {
    throw new ExecError("InvalidSpec", `artifact ${name}: what arrived is ${digest}, not ${hash}`);
  }
}

function isOfEarlierAttempt(record: ArtifactRecord, { job }: JobIdentity): boolean {
  return record.jobKey === job.jobKey && record.attempt < job.attempt;
}

function alreadyExists(name: string): ExecError {
  return new ExecError(
    "Conflict",
    `an artifact with this name already exists on the workflow run: ${JSON.stringify(name)}`,
  );
}

function fileName(name: string, mimeType: string): string {
  return mimeType === "application/zip" && !name.toLowerCase().endsWith(".zip") ? `${name}.zip` : name;
}

function reservationKey(buildId: string, name: string): string {
  return JSON.stringify([buildId, name]);
}
