import { ExecError } from "../errors.ts";
import type { JobIdentity } from "../identity/job-tokens.ts";
import type { JsonObject } from "../json.ts";
import type { ArtifactCatalog, KeptArtifact } from "./artifact-catalog.ts";
import { checkArtifactName } from "./artifact-name.ts";
import { beginUpload } from "./begin-upload.ts";
import type { CollectionRule } from "./collection-rule.ts";
import { artifactKey } from "./content-keys.ts";
import { intField, textField, timeField } from "./twirp-fields.ts";
import type { Upload, Uploads } from "./uploads.ts";

export interface ArtifactServiceParts {
  readonly catalog: ArtifactCatalog;
  readonly uploads: Uploads;
  readonly clock: () => number;
  /** The most, and what holds where an artifact names no time of its own. */
  readonly retentionDays: (identity: JobIdentity) => number | Promise<number>;
  /** For what runners keep themselves of a `.platform.yaml`; absent: what is kept last stays. */
  readonly rule?: Pick<CollectionRule, "staying" | "isLast">;
  /** Of one artifact; absent: no limit. */
  readonly maxBytes?: number;
  /** Of the job that began an upload. */
  readonly isLive: (liveId: string) => Promise<boolean>;
  /** Full addresses. */
  readonly uploadUrl: (upload: Upload) => string;
  readonly downloadUrl: (identity: JobIdentity, key: string, contentType: string, fileName: string) => string;
}

const DAY_MS = 24 * 3600 * 1000;
/** GitHub's limit. */
const MAX_ARTIFACTS_A_JOB = 500;
const OLDEST_VERSION = 4;

/**
 * `github.actions.results.api.v1.ArtifactService`: CreateArtifact, then the upload to the address it gives, then
 * FinalizeArtifact; ListArtifacts, GetSignedArtifactURL, DeleteArtifact. A job sees the artifacts of its own build.
 *
 * Slipway's own, for runners that keep the artifacts of a `.platform.yaml`: the first two with `collected: true` replace what an
 * other job has kept, unless it is a later one of the file; `superseded: true` in the answer says that it stays.
 * `MissingArtifacts`, given `names` of which the job has nothing, answers with those that a person is to be told of.
 */
export class ArtifactService {
  readonly #parts: ArtifactServiceParts;
  /** Ids of uploads that this process is making artifacts of. */
  readonly #finishing = new Set<string>();

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
      case "MissingArtifacts":
        return this.#missing(identity, request);
      default:
        return undefined;
    }
  }

  async #create(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    checkRun(identity, request);
    checkJob(identity, request);
    const { catalog, clock, uploads, isLive, maxBytes = Number.MAX_SAFE_INTEGER } = this.#parts;
    const { runId, space } = identity;
    const name = textField(request, "name");
    checkArtifactName(name);
    const version = intField(request, "version") ?? OLDEST_VERSION;
    if (version < OLDEST_VERSION) {
      throw new ExecError("InvalidSpec", `artifacts of version ${version} are not served, only 4 and later`);
    }
    const present = await catalog.list(runId);
    const existing = present.find((artifact) => artifact.name === name);
    const collected = request.collected === true;
    if (collected && existing && (await this.#staying(identity))(existing))
      return { ok: true, superseded: true };
    if (!collected && existing && !isOfEarlierAttempt(existing, identity)) throw alreadyExists(name);
    const mine = present.filter((artifact) => artifact.jobBackendId === identity.jobBackendId);
    if (mine.length >= MAX_ARTIFACTS_A_JOB) {
      throw new ExecError("QuotaExceeded", `a job keeps at most ${MAX_ARTIFACTS_A_JOB} artifacts`);
    }
    const wish = timeField(request, "expires_at");
    const latest = clock() + (await this.#parts.retentionDays(identity)) * DAY_MS;
    const mimeType = textField(request, "mime_type") || "application/zip";
    const uploadAs = uploadName(identity, name, collected);
    const begun = await uploads.byName(uploadAs);
    if (begun && this.#finishing.has(begun.id)) throw alreadyExists(name);
    const upload = await beginUpload(
      uploads,
      {
        name: uploadAs,
        owner: identity.liveId,
        about: { mimeType, expiresAt: wish === undefined ? latest : Math.min(wish, latest) },
        maxBytes,
        contentKey: (id) => artifactKey(space, runId, id),
      },
      isLive,
    );
    if (!upload) throw alreadyExists(name);
    return { ok: true, signed_upload_url: this.#parts.uploadUrl(upload) };
  }

  async #finalize(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    checkRun(identity, request);
    checkJob(identity, request);
    const { uploads } = this.#parts;
    const name = textField(request, "name");
    const upload = await uploads.byName(uploadName(identity, name, request.collected === true));
    if (upload?.owner !== identity.liveId || this.#finishing.has(upload.id)) {
      const made = upload ? undefined : await this.#madeBefore(identity, name, request);
      if (made) return { ok: true, artifact_id: String(made.id) };
      throw new ExecError("NotFound", `this job is not uploading an artifact ${JSON.stringify(name)}`);
    }
    this.#finishing.add(upload.id);
    try {
      const artifact = await this.#finish(identity, name, upload, request);
      return artifact === undefined
        ? { ok: true, superseded: true }
        : { ok: true, artifact_id: String(artifact.id) };
    } finally {
      this.#finishing.delete(upload.id);
    }
  }

  async #finish(
    identity: JobIdentity,
    name: string,
    upload: Upload,
    request: JsonObject,
  ): Promise<KeptArtifact | undefined> {
    const { catalog, uploads, clock } = this.#parts;
    const { job, runId, space, jobBackendId } = identity;
    const content = await upload.content();
    if (!content) {
      throw new ExecError("InvalidSpec", `the upload of artifact ${JSON.stringify(name)} is not complete`);
    }
    try {
      const digest = await content.digest();
      checkContent(name, content.sizeBytes, digest, request);
      // Another server may have finished another job's of that name since this one was begun.
      const collected = request.collected === true;
      const existing = collected ? undefined : await catalog.find(runId, name);
      if (existing && !isOfEarlierAttempt(existing, identity)) throw alreadyExists(name);
      const mimeType = String(upload.about.mimeType);
      const wanted = {
        ...{ runId, space, buildId: job.buildId, jobKey: job.jobKey, attempt: job.attempt, jobBackendId },
        ...{ name, mimeType, file: fileName(name, mimeType), digest },
        createdAt: clock(),
        expiresAt: Number(upload.about.expiresAt),
      };
      const artifact = collected
        ? await catalog.addUnless(wanted, content, await this.#staying(identity))
        : await catalog.add(wanted, content);
      await uploads.end(upload);
      return artifact;
    } catch (error) {
      // The clients try again: what was uploaded is then still there.
      if (!(error instanceof ExecError && error.retryable)) await uploads.end(upload);
      throw error;
    }
  }

  /** The answer to the first request may have been lost: the same again is answered the same. */
  async #madeBefore(
    { runId, jobBackendId }: JobIdentity,
    name: string,
    request: JsonObject,
  ): Promise<KeptArtifact | undefined> {
    const artifact = await this.#parts.catalog.find(runId, name);
    const size = intField(request, "size") ?? 0;
    const hash = textField(request, "hash").toLowerCase();
    const same = artifact?.sizeBytes === size && (hash === "" || hash === artifact.digest);
    return artifact?.jobBackendId === jobBackendId && same ? artifact : undefined;
  }

  async #list(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    checkRun(identity, request);
    const name = textField(request, "name_filter");
    const id = intField(request, "id_filter");
    const all = await this.#parts.catalog.list(identity.runId);
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
    return { signed_url: downloadUrl(identity, record.contentKey, record.mimeType, record.file) };
  }

  async #delete(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const record = await this.#wanted(identity, request);
    await this.#parts.catalog.remove(record);
    return { ok: true, artifact_id: String(record.id) };
  }

  async #staying({ job }: JobIdentity): Promise<(kept: Pick<KeptArtifact, "buildId" | "jobKey">) => boolean> {
    return (await this.#parts.rule?.staying(job)) ?? (() => false);
  }

  async #missing(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    checkRun(identity, request);
    const { catalog, rule } = this.#parts;
    if (!(await rule?.isLast(identity.job))) return { names: [] };
    const kept = new Set((await catalog.list(identity.runId)).map(({ name }) => name));
    const names = Array.isArray(request.names) ? request.names : [];
    return { names: names.filter((name) => typeof name === "string" && !kept.has(name)) };
  }

  async #wanted(identity: JobIdentity, request: JsonObject): Promise<KeptArtifact> {
    checkRun(identity, request);
    const name = textField(request, "name");
    const record = await this.#parts.catalog.find(identity.runId, name);
    if (!record) throw new ExecError("NotFound", `this build has no artifact ${JSON.stringify(name)}`);
    return record;
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

/** Of the same job, in an earlier attempt at it, or at the whole build. */
function isOfEarlierAttempt(artifact: KeptArtifact, { job }: JobIdentity): boolean {
  return (
    artifact.jobKey === job.jobKey && (artifact.buildId !== job.buildId || artifact.attempt < job.attempt)
  );
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

/** Of what runners keep several jobs may be uploading the same at once: which stays is decided at the end. */
function uploadName({ runId, job }: JobIdentity, name: string, collected: boolean): string {
  return JSON.stringify(collected ? [runId, name, job.jobKey] : [runId, name]);
}
