import { lookup as lookUp } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { mayCall, privateRefused, type WebhookUrlRules } from "./check-webhook-url.ts";

export interface JsonPost {
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  /** For all of it: name, connection, answer. */
  readonly timeoutMs: number;
  /** May the name stand for an address of this machine or of a private network? */
  readonly allowPrivate: boolean;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

/** More of an answer is not read. */
const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Posts JSON once: no redirect is followed, no connection is kept, and an answer of any size or length takes no more than
 * its first bytes and its time. Rejects with `Timeout`, or `Transient` where nobody answered.
 */
export function postJson(post: JsonPost, clock: Pick<Clock, "after">): Promise<PostAnswer> {
  const { url, body, timeoutMs } = post;
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => {
      forget();
      end();
      request.destroy();
    };
    const fail = (error: ExecError) => finish(() => reject(error));
    let soFar: () => PostAnswer | undefined = () => undefined;
    const request = open(post);
    const forget = clock.after(timeoutMs, () => {
      // An answer whose body does not end has its status all the same.
      const answer = soFar();
      if (answer !== undefined) finish(() => resolve(answer));
      else fail(new ExecError("Timeout", `There was no answer within ${timeoutMs} ms.`));
    });
    request.on("error", (error) => {
      const answer = soFar();
      if (answer !== undefined) finish(() => resolve(answer));
      else fail(asExecError(error, url));
    });
    request.on("response", (response) => {
      soFar = collect(response, (answer) => finish(() => resolve(answer)));
    });
    request.end(body);
  });
}

function open({ url, headers, body, allowPrivate }: JsonPost): ClientRequest {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const length = `${Buffer.byteLength(body)}`;
  return request(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", "content-length": length },
    agent: false,
    lookup: allowedOnly({ allowPrivate }),
  });
}

/** Checks what is connected to and not what was looked up before, which may be another address by then. */
const allowedOnly =
  (rules: WebhookUrlRules): LookupFunction =>
  (host, options, callback) => {
    lookUp(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (addresses.some(({ address }) => !mayCall(address, rules))) {
        return callback(new Error(privateRefused(host)), []);
      }
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      callback(null, first?.address ?? "", first?.family);
    });
  };

function collect(response: IncomingMessage, done: (answer: PostAnswer) => void): () => PostAnswer {
  const chunks: Buffer[] = [];
  let size = 0;
  const answer = (): PostAnswer => ({
    status: response.statusCode ?? 0,
    retryAfter: response.headers["retry-after"],
    text: Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString("utf8"),
  });
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_ANSWER_BYTES) done(answer());
  });
  response.on("end", () => done(answer()));
  response.on("error", () => done(answer()));
  return answer;
}

function asExecError(error: Error, url: URL): ExecError {
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const reasons: { readonly [code: string]: string } = {
    ECONNREFUSED: `Nothing listens at ${url.host}.`,
    ENOTFOUND: `There is no host ${url.hostname}.`,
    ECONNRESET: `${url.host} ended the connection without an answer.`,
  };
  const reason = (code === undefined ? undefined : reasons[code]) ?? error.message;
  return new ExecError("Transient", reason, { cause: error });
}
