import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../clock.ts";
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import { COMMANDS_PATH, FRAMES_PATH, type FramesAnswer, PUSH_LIMITS } from "../../protocol/push-protocol.ts";
import type { JobAttemptName } from "../executor.ts";
import { acceptBatch } from "./accept-batch.ts";
import type { FrameInbox } from "./frame-inbox.ts";
import { PushBodies, type PushBodyLimits, TooLarge } from "./read-push-body.ts";

export interface PushHandlerOptions {
  readonly inbox: FrameInbox;
  readonly clock: Pick<Clock, "after">;
  readonly limits?: Partial<PushBodyLimits>;
  /** Told of what is no fault of the sender. */
  readonly onUnexpected: (error: unknown) => void;
}

const MIB = 1024 * 1024;
const LIMITS: PushBodyLimits = {
  maxBatchBytes: 8 * PUSH_LIMITS.maxBatchBytes,
  maxFrameBytes: 64 * MIB,
  maxBytesAtOnce: 256 * MIB,
  maxUnpacking: 8,
  timeLimitMs: 60_000,
};
const MAX_WAIT_SECONDS = 60;

/** Answers runners that push: frames and commands, by the push protocol. */
export class PushHandler {
  /** First part of the paths that `handle` answers. */
  readonly prefix = "/runner";
  readonly #options: PushHandlerOptions;
  readonly #bodies: PushBodies;
  /** The one request for commands that waits for each job; a later one takes its place. */
  readonly #waiting = new Map<string, () => void>();
  #closed = false;

  constructor(options: PushHandlerOptions) {
    this.#options = options;
    this.#bodies = new PushBodies({ ...LIMITS, ...options.limits }, options.clock);
  }

  /** How many requests for commands wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** False: the path is none of these; nothing was read or written. Never rejects. May be handed on by itself. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const [path, query] = (request.url ?? "/").split("?", 2);
    const { method } = request;
    const serve =
      path === FRAMES_PATH && method === "POST"
        ? this.#frames
        : path === COMMANDS_PATH && method === "GET"
          ? this.#commands
          : undefined;
    if (serve === undefined) return false;
    try {
      const job = await this.#admit(request);
      await serve(job, request, response, new URLSearchParams(query));
    } catch (error) {
      this.#fail(error, response);
    }
    // What is left of the body is read and dropped: closing now could take the answer away from the sender.
    request.resume();
    return true;
  };

  /** Answers whoever waits. Requests after it are answered at once. */
  close(): void {
    this.#closed = true;
    for (const answer of [...this.#waiting.values()]) answer();
  }

  async #admit({ headers }: IncomingMessage): Promise<JobAttemptName> {
    const [, token] = /^bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
    if (token === undefined) throw new ExecError("Unauthorized", "a job's token is asked for");
    return await this.#options.inbox.admit(token);
  }

  readonly #frames = async (
    job: JobAttemptName,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const batch = await this.#bodies.read(request);
    const answer = await acceptBatch(this.#options.inbox, job, batch);
    switch (answer.kind) {
      case "accepted":
        return send(response, 200, framesAnswer(answer.acceptedSeq));
      case "refused":
        return send(response, 409, framesAnswer(answer.acceptedSeq));
      case "full":
        return send(response, 429, framesAnswer(answer.acceptedSeq), { "retry-after": "1" });
      case "closed":
        throw new ExecError("Unauthorized", "the job has ended");
    }
  };

  readonly #commands = async (
    job: JobAttemptName,
    _request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
  ): Promise<void> => {
    const after = wholeNumber(query.get("after") ?? "0");
    const waitMs = Math.min(wholeNumber(query.get("wait") ?? "0"), MAX_WAIT_SECONDS) * 1000;
    const wait = this.#waitFor(job, response, waitMs);
    try {
      for (;;) {
        const woken = wait.next();
        const answer = await this.#options.inbox.commands(job, after);
        if (answer === undefined) throw new ExecError("Unauthorized", "the job has ended");
        if (answer.commands.length > 0 || !(await woken)) return send(response, 200, answer);
      }
    } finally {
      wait.end();
    }
  };

  /** `next` gives true when there may be something new, false when the time is over, or nobody asks any more. */
  #waitFor(
    job: JobAttemptName,
    response: ServerResponse,
    waitMs: number,
  ): { next(): Promise<boolean>; end(): void } {
    const key = JSON.stringify([job.buildId, job.jobKey, job.attempt]);
    let over = waitMs === 0 || this.#closed;
    let settle: ((more: boolean) => void) | undefined;
    const stop = () => {
      over = true;
      settle?.(false);
    };
    this.#waiting.get(key)?.();
    if (!over) this.#waiting.set(key, stop);
    const stopTimer = this.#options.clock.after(waitMs, stop);
    const stopEvents = this.#options.inbox.onCommand(job, () => settle?.(true));
    response.once("close", stop);
    return {
      next: () =>
        new Promise((resolve) => {
          settle = resolve;
          if (over) resolve(false);
        }),
      end: () => {
        stopTimer();
        stopEvents();
        response.off("close", stop);
        if (this.#waiting.get(key) === stop) this.#waiting.delete(key);
      },
    };
  }

  #fail(error: unknown, response: ServerResponse): void {
    const isCut = error instanceof ExecError && error.code === "Cancelled";
    if (isCut || response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (error instanceof TooLarge) {
      send(response, error.now ? 429 : 413, problem(error.message), error.now ? { "retry-after": "1" } : {});
      return;
    }
    const known = error instanceof ExecError ? error : undefined;
    const status = (known && STATUS[known.code]) ?? 500;
    if (status >= 500) this.#options.onUnexpected(error);
    const message = status === 500 ? "the request failed" : (known?.message ?? "");
    send(response, status, problem(message), status === 503 ? { "retry-after": "1" } : {});
  }
}

/** `QuotaExceeded` is a full disk here: room may be made. */
const STATUS: { readonly [code in ExecErrorCode]?: number } = {
  InvalidSpec: 400,
  Unauthorized: 401,
  Transient: 503,
  Timeout: 503,
  QuotaExceeded: 503,
};

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ExecError("InvalidSpec", "after and wait are whole numbers");
  return Number(text);
}

const framesAnswer = (accepted: number): FramesAnswer => ({ accepted });
const problem = (detail: string) => ({ type: "about:blank", detail });

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: { readonly [name: string]: string } = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(text);
}
