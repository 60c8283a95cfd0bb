import { createHash } from "node:crypto";
import { type Readable, Transform } from "node:stream";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import type { JobServices } from "../../protocol/job-request.ts";

export interface ArtifactClientOptions {
  readonly services: Pick<JobServices, "resultsUrl" | "runtimeToken">;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

export interface NewArtifact {
  readonly name: string;
  /** Unix time in milliseconds; absent: as long as the server keeps any. */
  readonly expiresAt?: number;
  /** Of a zip; called for each attempt to upload it. */
  readonly content: () => Promise<Readable>;
}

const SERVICE = "twirp/github.actions.results.api.v1.ArtifactService";
/** A server may be away for minutes (an update, a node that went). */
const PATIENCE_MS = 180_000;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
const TAKEN_TIMES = 8;

/** Keeps artifacts as GitHub's own client does: `CreateArtifact`, an upload to the address it gives, `FinalizeArtifact`. */
export class ArtifactClient {
  readonly #options: ArtifactClientOptions;
  readonly #ids: JsonObject;

  constructor(options: ArtifactClientOptions) {
    this.#options = options;
    this.#ids = backendIds(options.services.runtimeToken);
  }

  /**
   * Keeps an artifact, in place of one of the same name that another job of the build has kept; but not of a later one in the
   * file. Gives its size; undefined: such a one stays. Rejects with `ExecError`.
   */
  async keep(artifact: NewArtifact): Promise<number | undefined> {
    const { clock, signal } = this.#options;
    const deadline = clock.monotonic() + PATIENCE_MS;
    for (let delayMs = FIRST_DELAY_MS, taken = 0; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      try {
        return await this.#keep(artifact);
      } catch (error) {
        if (!(error instanceof ExecError) || signal.aborted) throw error;
        // An upload of this job's own that a lost answer left, and that is still being put away.
        const busy = error.code === "Conflict" && taken++ < TAKEN_TIMES;
        if ((!busy && !error.retryable) || clock.monotonic() >= deadline) throw error;
        await pause(clock, delayMs, signal);
      }
    }
  }

  /** Of the artifacts of which this job has nothing those that nobody has, and nobody will have. */
  async missing(names: readonly string[]): Promise<readonly string[]> {
    const answer = await this.#call("MissingArtifacts", { names: [...names] });
    return Array.isArray(answer.names) ? answer.names.filter((name) => typeof name === "string") : [];
  }

  async #keep({ name, expiresAt, content }: NewArtifact): Promise<number | undefined> {
    const created = await this.#call("CreateArtifact", {
      name,
      collected: true,
      version: 7,
      mime_type: "application/zip",
      ...(expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() }),
    });
    if (created.superseded === true) return undefined;
    const url = created.signed_upload_url;
    if (typeof url !== "string")
      throw new ExecError("Permanent", "The artifact service gave no address to upload to.");
    const { size, digest } = await this.#upload(url, await content());
    const kept = await this.#call("FinalizeArtifact", {
      name,
      collected: true,
      size: `${size}`,
      hash: `sha256:${digest}`,
    });
    return kept.superseded === true ? undefined : size;
  }

  async #upload(url: string, content: Readable): Promise<{ readonly size: number; readonly digest: string }> {
    const hash = createHash("sha256");
    let size = 0;
    const body = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    content.once("error", (error) => body.destroy(error));
    content.pipe(body);
    const init = {
      method: "PUT",
      headers: { "content-type": "application/zip", "x-ms-blob-type": "BlockBlob" },
      body: body as unknown as NonNullable<RequestInit["body"]>,
      duplex: "half",
    } as const;
    await this.#answer("the upload", () =>
      this.#options.fetch(url, { ...init, signal: this.#options.signal }),
    );
    return { size, digest: hash.digest("hex") };
  }

  async #call(method: string, body: JsonObject): Promise<JsonObject> {
    const { services, fetch, signal } = this.#options;
    const url = `${services.resultsUrl.replace(/\/*$/, "/")}${SERVICE}/${method}`;
    const text = await this.#answer(method, () =>
      fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${services.runtimeToken}`, "content-type": "application/json" },
        body: JSON.stringify({ ...this.#ids, ...body }),
        signal,
      }),
    );
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? (answer as JsonObject) : {};
  }

  async #answer(what: string, ask: () => Promise<Response>): Promise<string> {
    let response: Response;
    let text: string;
    try {
      response = await ask();
      text = await response.text();
    } catch (cause) {
      if (this.#options.signal.aborted)
        throw new ExecError("Cancelled", `Cancelled during ${what}.`, { cause });
      throw new ExecError("Transient", `The artifact service did not answer ${what}: ${reasonOf(cause)}`, {
        cause,
      });
    }
    if (response.ok) return text;
    const { status } = response;
    const code = status === 409 ? "Conflict" : status >= 500 || status === 429 ? "Transient" : "Permanent";
    throw new ExecError(code, `The artifact service answered ${what} with ${status}: ${saidIn(text)}`);
  }
}

/** `scp` of the token names run and job, as GitHub's client reads them. */
function backendIds(token: string): JsonObject {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const scopes = String((claims as { scp?: unknown }).scp).split(" ");
    const [, run, job] = scopes.find((scope) => scope.startsWith("Actions.Results:"))?.split(":") ?? [];
    if (run !== undefined && job !== undefined) {
      return { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
    }
  } catch {
    // Told below.
  }
  throw new ExecError("Permanent", "The job's token does not say which run it is of.");
}

function saidIn(text: string): string {
  try {
    const { msg, message } = JSON.parse(text) as { msg?: unknown; message?: unknown };
    return String(msg ?? message ?? text);
  } catch {
    return text.slice(0, 200);
  }
}

/** `fetch` hides what went wrong in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const takeBack = clock.after(delayMs, done);
    function done(): void {
      takeBack();
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
