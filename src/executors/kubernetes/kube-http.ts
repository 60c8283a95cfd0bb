import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { KubeAccess } from "./kube-access.ts";

export interface KubeHttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** From the server's root, with the query. */
  readonly path: string;
  readonly body?: unknown;
  /** No answer's head within so long, or no byte of its body: it fails. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** One connection is enough for many watches; requests that wait for an answer share these. */
const MAX_CONNECTIONS = 16;

/** Sends requests to the API server, over connections that are kept open. */
export class KubeHttp {
  readonly #access: KubeAccess;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(access: KubeAccess) {
    this.#access = access;
    const options = { keepAlive: true, keepAliveMsecs: 30_000 };
    this.#agent = access.server.startsWith("https:")
      ? new HttpsAgent({ ...options, maxSockets: MAX_CONNECTIONS * 2 })
      : new HttpAgent({ ...options, maxSockets: MAX_CONNECTIONS * 2 });
  }

  async send({ method, path, body, idleMs, signal }: KubeHttpRequest): Promise<IncomingMessage> {
    const { headers, agent = this.#agent, ...credentials } = await this.#access.credentials();
    signal.throwIfAborted();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const url = new URL(`${this.#access.server}${path}`);
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (url.protocol === "https:" ? requestHttps : requestHttp)(
        url,
        {
          ...credentials,
          method,
          agent,
          signal,
          headers: {
            ...headers,
            Accept: "application/json",
            "User-Agent": "slipway",
            ...(text === undefined
              ? {}
              : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
          },
        },
        resolve,
      );
      request.once("error", reject);
      request.setTimeout(idleMs, () => request.destroy(new Error(`no answer for ${idleMs / 1000} s`)));
      request.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The whole body; rejects where it was cut. */
export async function bodyText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  if (!response.complete) throw new Error("the answer was cut");
  return Buffer.concat(pieces).toString("utf8");
}

/** Whole lines of a body, as they arrive. */
export async function* bodyLines(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding("utf8");
  let line = "";
  for await (const piece of response) {
    const parts = (piece as string).split("\n");
    for (const part of parts.slice(0, -1)) {
      const whole = line + part;
      line = "";
      if (whole !== "") yield whole;
    }
    line += parts.at(-1) ?? "";
  }
}
