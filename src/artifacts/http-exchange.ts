import type { IncomingMessage, ServerResponse } from "node:http";
import { ExecError } from "../errors.ts";
import type { JsonObject } from "../json.ts";

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly url: URL;
}

const MAX_JSON_BYTES = 1024 * 1024;

/** The body as text; `QuotaExceeded` past the limit, which is then not read further. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not `for await`: leaving that loop early would destroy the socket before the answer is out.
  await new Promise<void>((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else reject(new ExecError("QuotaExceeded", `the request is larger than ${maxBytes} bytes`));
    });
    request.on("end", resolve);
    request.on("close", () => reject(new ExecError("Cancelled", "the request was cut off")));
    request.on("error", reject);
  });
  return Buffer.concat(chunks).toString("utf8");
}

/** The body as a JSON object; `InvalidSpec` for anything else. */
export async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const text = await readBody(request, MAX_JSON_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ExecError("InvalidSpec", "the request's body is not JSON", { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ExecError("InvalidSpec", "the request's body is not a JSON object");
  }
  return value as JsonObject;
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, "application/json; charset=utf-8", JSON.stringify(body));
}

export function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Of `Authorization: Bearer …`; `Unauthorized` where there is none. */
export function bearerToken(request: IncomingMessage): string {
  const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) throw new ExecError("Unauthorized", "the request bears no token");
  return token;
}

/** The request's declared length in bytes; undefined where it comes in chunks. */
export function contentLength(request: IncomingMessage): number | undefined {
  const header = request.headers["content-length"];
  return header === undefined ? undefined : Number(header);
}
