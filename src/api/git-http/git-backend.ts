import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { CgiHeadReader } from "./cgi-head.ts";
import type { GitRequest } from "./git-request.ts";

export interface GitBackendOptions {
  readonly clock: Clock;
  /** Of this process; git itself is looked for there. */
  readonly path: string;
  /** After it a clone is cut off. */
  readonly timeLimitMs: number;
  /** Of what a client may say it has and wants. */
  readonly maxRequestBytes: number;
}

/** What git must know of the mirror it serves, and nothing of what the machine or the mirror itself configure beside it. */
const CONFIG = {
  "http.uploadpack": "true",
  "http.receivepack": "false",
  "http.getanyfile": "false",
  // Partial clones, and a commit that no branch leads to any more: a build's own, after a force push.
  "uploadpack.allowFilter": "true",
  "uploadpack.allowAnySHA1InWant": "true",
  "core.hooksPath": "/dev/null",
  "gc.auto": "0",
} as const;

const MAX_STDERR_CHARACTERS = 4000;

/**
 * Answers one request by `git http-backend`, streaming both ways. The process and what it started end with the request,
 * however that ends. Rejects with `Permanent` where git fails before it says anything, `QuotaExceeded` for a request that is
 * too large, `Cancelled` where the client went away.
 */
export async function runGitBackend(
  kind: Exclude<GitRequest["kind"], "refused">,
  repository: string,
  request: IncomingMessage,
  response: ServerResponse,
  options: GitBackendOptions,
): Promise<void> {
  const child = spawn("git", ["http-backend"], {
    env: cgiEnvironment(kind, repository, request, options.path),
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: `upload-pack` and `pack-objects` must end with it.
    detached: true,
  });
  const end = () => endGroup(child);
  const stopTimer = options.clock.after(options.timeLimitMs, end);
  response.once("close", end);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAX_STDERR_CHARACTERS);
  });
  child.stdin.on("error", () => undefined);
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error) =>
      reject(new ExecError("Permanent", `git cannot be started: ${error.message}`)),
    );
  });
  failed.catch(() => undefined);
  try {
    const sending = sendBody(request, child, options.maxRequestBytes);
    sending.catch(end);
    const answering = Promise.race([answer(child, response), failed]);
    const [sent, answered] = await Promise.allSettled([sending, answering]);
    if (sent.status === "rejected" && !response.headersSent) throw sent.reason;
    if (answered.status === "rejected") throw answered.reason;
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    const { exitCode, signalCode } = child;
    if (!response.headersSent) {
      const ended = `git http-backend ended with ${signalCode ?? exitCode}`;
      throw new ExecError("Permanent", `${ended}: ${said.trim() || "no answer"}`);
    }
    // Only a signal: `upload-pack` ends with an error of its own also after some answers that are whole.
    if (signalCode !== null) throw new ExecError("Permanent", `git http-backend was ended by ${signalCode}`);
    response.end();
  } finally {
    stopTimer();
    response.off("close", end);
    end();
  }
}

/** Head, then body as it comes. Resolves without an answer sent where git ends before its head is whole. */
async function answer(
  child: ChildProcess & { stdout: NodeJS.ReadableStream },
  response: ServerResponse,
): Promise<void> {
  const reader = new CgiHeadReader();
  let started = false;
  await pipeline(
    child.stdout,
    async function* (source) {
      for await (const chunk of source) {
        if (started) {
          yield chunk;
          continue;
        }
        const found = reader.push(chunk as Buffer);
        if (!found) continue;
        started = true;
        for (const [name, value] of found.head.headers) response.setHeader(name, value);
        response.writeHead(found.head.status);
        if (found.rest.length > 0) yield found.rest;
      }
    },
    async (source) => {
      for await (const chunk of source) {
        if (response.destroyed) throw new ExecError("Cancelled", "the client went away");
        if (!response.write(chunk)) await drained(response);
      }
    },
  );
}

async function drained(response: ServerResponse): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race([
      once(response, "drain", { signal: ended.signal }),
      once(response, "close", { signal: ended.signal }),
    ]);
  } finally {
    ended.abort();
  }
}

async function sendBody(request: IncomingMessage, child: ChildProcess, maxBytes: number): Promise<void> {
  const { stdin } = child;
  if (!stdin) return;
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) {
      throw new ExecError("QuotaExceeded", `what a client has and wants may take ${maxBytes} bytes to say`);
    }
    // git may have heard enough, and ended.
    if (!stdin.writable) break;
    if (!stdin.write(chunk))
      await Promise.race([once(stdin, "drain"), once(stdin, "close")]).catch(() => undefined);
  }
  stdin.end();
}

function cgiEnvironment(
  kind: Exclude<GitRequest["kind"], "refused">,
  repository: string,
  { headers, method }: IncomingMessage,
  path: string,
): { readonly [name: string]: string } {
  const settings = Object.entries({ ...CONFIG, "safe.directory": repository });
  const protocol = headers["git-protocol"];
  return {
    PATH: path,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
    GIT_PROJECT_ROOT: repository,
    GIT_HTTP_EXPORT_ALL: "1",
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    REQUEST_METHOD: method ?? "GET",
    PATH_INFO: kind === "advertise" ? "/info/refs" : "/git-upload-pack",
    QUERY_STRING: kind === "advertise" ? "service=git-upload-pack" : "",
    CONTENT_TYPE: headers["content-type"] ?? "",
    ...(headers["content-encoding"] === undefined
      ? {}
      : { HTTP_CONTENT_ENCODING: headers["content-encoding"] }),
    ...(typeof protocol === "string" && /^[\w=:.-]{1,100}$/.test(protocol) ? { GIT_PROTOCOL: protocol } : {}),
  };
}

function endGroup(child: ChildProcess): void {
  const { pid, exitCode } = child;
  // It ends well only after what it started; its number may be another's by now.
  if (pid === undefined || exitCode === 0) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself, with all it started.
  }
}
