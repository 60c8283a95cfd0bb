/** One answer to one request, which may be cut in its middle by a fault. */
import type { ServerResponse } from "node:http";
import { ApiError } from "../api-error.ts";

export class Reply {
  readonly #response: ServerResponse;
  readonly #headers: Record<string, string> = {};
  readonly #warnings: string[] = [];
  /** Bytes until the cut. */
  #left = Number.POSITIVE_INFINITY;
  #dropInstead = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** The answer is cut after so many bytes of its body. */
  cutAfter(bytes: number): void {
    this.#left = bytes;
  }

  /** The answer is never sent; the connection is cut in its place. */
  dropInstead(): void {
    this.#dropInstead = true;
  }

  header(name: string, value: string): void {
    this.#headers[name] = value;
  }

  warn(text: string): void {
    this.#warnings.push(`299 - ${JSON.stringify(text)}`);
  }

  get closed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  onClose(callback: () => void): void {
    this.#response.on("close", callback);
  }

  json(code: number, body: unknown): void {
    this.start(code, "application/json");
    this.write(`${JSON.stringify(body)}\n`);
    this.end();
  }

  error(error: unknown): void {
    const refused =
      error instanceof ApiError
        ? error
        : new ApiError(500, "InternalError", `Internal error occurred: ${String(error)}`);
    const retry = refused.details?.retryAfterSeconds;
    if (retry !== undefined) this.header("Retry-After", String(retry));
    this.json(refused.code, refused.status);
  }

  start(code: number, contentType: string): void {
    if (this.#dropInstead) {
      this.drop();
      return;
    }
    if (this.closed || this.#response.headersSent) return;
    if (this.#warnings.length > 0) this.#response.setHeader("Warning", this.#warnings);
    this.#response.writeHead(code, {
      "Content-Type": contentType,
      "Cache-Control": "no-cache, private",
      ...this.#headers,
    });
    // Whoever watches waits for these.
    this.#response.flushHeaders();
  }

  /** False: the reader is slow, or away. */
  write(chunk: string | Buffer): boolean {
    if (this.closed) return false;
    const bytes =
      typeof chunk === "string" && this.#left === Number.POSITIVE_INFINITY ? chunk : Buffer.from(chunk);
    if (typeof bytes === "string" || bytes.length < this.#left) {
      this.#left -= bytes.length;
      return this.#response.write(bytes);
    }
    const { socket } = this.#response;
    this.#response.write(bytes.subarray(0, this.#left), () => socket?.destroy());
    this.#left = 0;
    return false;
  }

  drained(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve) => {
      const done = () => {
        response.off("drain", done);
        response.off("close", done);
        resolve();
      };
      if (this.closed || !response.writableNeedDrain) resolve();
      else response.on("drain", done).on("close", done);
    });
  }

  end(): void {
    if (!this.closed && this.#left > 0) this.#response.end();
  }

  /** Cuts the connection. */
  drop(): void {
    this.#response.socket?.destroy();
    this.#response.destroy();
  }
}
