import { createHash } from "node:crypto";
import { ExecError } from "../../errors.ts";
import type { RequestKey } from "../../store/request-store.ts";
import { RequestError } from "../problem.ts";
import { type Answer, json } from "./answer.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { ApiRoute } from "./route.ts";

const KEEP_MS = 24 * 3600 * 1000;
/** A key whose process died is free again after this; one that is worked on is held anew long before. */
const HOLD_MS = 60_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

export interface KeyedRequest {
  readonly route: ApiRoute;
  /** Undefined: the request has none, and runs as it is. */
  readonly key: string | undefined;
  readonly caller: string;
  readonly url: string;
  readonly body: unknown;
}

/** Of a header; throws where it is no key. */
export function idempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && KEY.test(header)) return header;
  throw new RequestError("BadRequest", "Idempotency-Key must be 1 to 255 visible ASCII characters.");
}

/**
 * Runs a request once for its `Idempotency-Key`: again with the same key and body it gets the first answer. Only what
 * went well is kept: a request that failed has done nothing and may be tried again with the same key.
 */
export async function runOnce(
  request: KeyedRequest,
  deps: Pick<ApiDeps, "store" | "clock" | "vault" | "logger">,
  run: () => Promise<Answer>,
): Promise<Answer> {
  if (request.key === undefined) return run();
  const key: RequestKey = { caller: request.caller, key: request.key, fingerprint: fingerprint(request) };
  const { requests } = deps.store;
  const state = await requests.begin(key, deps.clock.now(), HOLD_MS);
  switch (state.kind) {
    case "busy":
      throw new ExecError("Conflict", "A request with this Idempotency-Key is being worked on.", {
        retryAfterMs: 1000,
      });
    case "different":
      throw new RequestError("IdempotencyMismatch", "This Idempotency-Key was used for another request.");
    case "done": {
      const { status, body } = state.answer;
      const text =
        request.route.secretAnswer === true && body !== "" ? deps.vault.open(body, contextOf(key)) : body;
      const headers = { "idempotency-replayed": "true" };
      return text === "" ? { status, headers } : json(status, JSON.parse(text), headers);
    }
    case "new":
      return first(request, key, deps, run);
  }
}

async function first(
  { route }: KeyedRequest,
  key: RequestKey,
  deps: Pick<ApiDeps, "store" | "clock" | "vault" | "logger">,
  run: () => Promise<Answer>,
): Promise<Answer> {
  const { requests } = deps.store;
  const letGo = hold(key, deps);
  let answer: Answer;
  try {
    answer = await run();
  } catch (error) {
    letGo();
    await requests.forget(key).catch((cause: unknown) => noteLost(deps, cause));
    throw error;
  }
  letGo();
  const text = answer.json === undefined ? "" : JSON.stringify(answer.json);
  const body = route.secretAnswer === true && text !== "" ? deps.vault.seal(text, contextOf(key)) : text;
  // It has been done: that its answer could not be kept must not look like a failure.
  await requests
    .finish(key, { status: answer.status, body }, deps.clock.now() + KEEP_MS)
    .catch((cause: unknown) => noteLost(deps, cause));
  return answer;
}

/** Nobody else may begin it while this process works on it, however long that takes. Gives what ends that. */
function hold(key: RequestKey, deps: Pick<ApiDeps, "store" | "clock" | "logger">): () => void {
  const { store, clock } = deps;
  let cancel = () => {};
  const again = () => {
    cancel = clock.after(HOLD_MS / 3, () => {
      store.requests.prolong(key, clock.now() + HOLD_MS).catch((cause: unknown) => noteLost(deps, cause));
      again();
    });
  };
  again();
  return () => cancel();
}

function noteLost({ logger }: Pick<ApiDeps, "logger">, error: unknown): void {
  logger.warn({ error: String(error) }, "the state of an Idempotency-Key could not be kept");
}

const contextOf = (key: RequestKey) => `request:${key.caller}:${key.key}`;

function fingerprint({ route, url, body }: KeyedRequest): string {
  return createHash("sha256")
    .update(JSON.stringify([route.method, url, body ?? null]))
    .digest("hex");
}
