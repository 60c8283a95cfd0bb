import type { IncomingMessage, ServerResponse } from "node:http";
import type { Exchange } from "../../artifacts/http-exchange.ts";
import { serveBlob } from "../../artifacts/serve-blob.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { BlobGrant, SignedBlobUrls } from "../../blobs/signed-blob-urls.ts";
import { ExecError } from "../../errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { PROBLEMS } from "../problem.ts";

export interface SignedBlobOptions {
  readonly blobs: BlobStore;
  readonly urls: Pick<SignedBlobUrls, "verify">;
  readonly logger: Logger;
}

/** Serves what `SignedBlobUrls` allows: the address is the right, no token is asked for. */
export class SignedBlobHandler {
  readonly prefix = "/api/v1/blobs";
  readonly #options: SignedBlobOptions;

  constructor(options: SignedBlobOptions) {
    this.#options = options;
  }

  /** False: the path is none of these. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url ?? "/", "http://server");
    if (!url.pathname.startsWith(`${this.prefix}/`)) return false;
    try {
      const key = keyOf(url.pathname.slice(this.prefix.length + 1));
      const { method = "GET" } = request;
      const length = request.headers["content-length"];
      const contentLength = length === undefined ? {} : { contentLength: Number(length) };
      const grant = this.#options.urls.verify({ method, key, query: url.searchParams, ...contentLength });
      if (grant.method === "PUT") await this.#take(grant, request, response);
      else await this.#give(grant, { request, response, method, url });
    } catch (error) {
      this.#fail(error, response);
    }
    request.resume();
    return true;
  }

  async #give(grant: Extract<BlobGrant, { method: "GET" }>, exchange: Exchange): Promise<void> {
    const { response } = exchange;
    const { key, fileName, contentType } = grant;
    // A page of a job's must never run as one of the server's.
    response.setHeader("content-security-policy", "sandbox");
    response.setHeader("cache-control", "private, no-store");
    await serveBlob(exchange, this.#options.blobs, key, { contentType, fileName });
  }

  async #take(
    grant: Extract<BlobGrant, { method: "PUT" }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    await this.#options.blobs.put(grant.key, request);
    response.writeHead(201, { "content-length": 0 }).end();
  }

  #fail(error: unknown, response: ServerResponse): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const known = error instanceof ExecError;
    if (!known) this.#options.logger.error({ err: error }, "a signed address could not be served");
    const [status, title] = known ? PROBLEMS[error.code] : PROBLEMS.Internal;
    const body = JSON.stringify({
      type: "about:blank",
      title,
      status,
      ...(known ? { detail: error.message, code: error.code } : {}),
    });
    const again = status === 503 ? { "retry-after": "5" } : {};
    response
      .writeHead(status, { "content-type": "application/problem+json; charset=utf-8", ...again })
      .end(body);
  }
}

/** Throws `InvalidSpec` for one that is no address. */
function keyOf(path: string): string {
  try {
    return path.split("/").map(decodeURIComponent).join("/");
  } catch {
    throw new ExecError("InvalidSpec", "this address is broken");
  }
}
