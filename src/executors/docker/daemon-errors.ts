/** The one place where texts of daemons and registries are read. Docker 20 to 28 and podman 4 and 5. */
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import { KIT } from "../kit/kit-layout.ts";

/** What a failed call left: dockerode's error, or one of a socket. */
interface Failure {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly json?: unknown;
}

const SOCKET_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** Marks errors of calls that got no answer. */
class NoAnswer extends Error {}

/** `doing`: what was asked, as `create the container`. */
export function daemonError(doing: string, failure: unknown, where: string): ExecError {
  if (failure instanceof ExecError) return failure;
  const { statusCode, code } = (typeof failure === "object" && failure !== null ? failure : {}) as Failure;
  const words = daemonWords(failure);
  if (typeof statusCode !== "number") {
    if (typeof code === "string" && code === "EACCES") {
      return new ExecError(
        "Forbidden",
        `No permission to talk to the Docker daemon at ${where}. Is this user in the group 'docker'?`,
        { cause: failure },
      );
    }
    if ((typeof code === "string" && SOCKET_CODES.has(code)) || /socket hang up|aborted/i.test(words)) {
      const nobody = /^(ENOENT|ECONNREFUSED|ENOTFOUND)$/.test(String(code));
      const advice = nobody
        ? ". Is it running? DOCKER_HOST (of a worker, docker.host) says where it is."
        : "";
      return noAnswer(`The Docker daemon at ${where} does not answer (${doing}): ${words}${advice}`, failure);
    }
    if (typeof code === "string" && /CERT|SELF_SIGNED|^ERR_TLS|^ERR_SSL|UNABLE_TO_VERIFY/.test(code)) {
      const message = `The Docker daemon at ${where} and this program do not trust each other's certificates: ${words}`;
      return new ExecError("Forbidden", message, { cause: failure });
    }
    // Of Node's reader of HTTP: something on the way speaks another language, or broke off in the middle of a word.
    if (typeof code === "string" && code.startsWith("HPE_")) return unreadable(doing, where, words, failure);
    return new ExecError("Permanent", `Could not ${doing}: ${words}`, { cause: failure });
  }
  const known = codeOf(statusCode, words);
  return new ExecError(known.code, `Docker could not ${doing}: ${words}`, {
    cause: failure,
    ...(known.retryable === undefined ? {} : { retryable: known.retryable }),
  });
}

export function noAnswer(message: string, cause?: unknown): ExecError {
  return new ExecError("Transient", message, { cause: new NoAnswer(message, { cause }) });
}

/** An answer came that nobody can read: as good as none. */
export function unreadable(doing: string, where: string, words: string, cause?: unknown): ExecError {
  return noAnswer(`What the Docker daemon at ${where} answers cannot be read (${doing}): ${words}`, cause);
}

/** Nobody answered: the daemon may be back soon, and what it runs may run on. */
export function isNoAnswer(error: unknown): boolean {
  return error instanceof ExecError && error.cause instanceof NoAnswer;
}

export function isCode(error: unknown, code: ExecErrorCode): boolean {
  return error instanceof ExecError && error.code === code;
}

interface Known {
  readonly code: ExecErrorCode;
  readonly retryable?: boolean;
}

function codeOf(status: number, words: string): Known {
  if (/no space left on device|disk quota exceeded/i.test(words))
    return { code: "QuotaExceeded", retryable: true };
  if (status === 409) return { code: "Conflict" };
  // A request that cannot be met as it stands: what the user wrote in `options`, `volumes`, `ports`.
  if (/port is already allocated|address already in use/i.test(words)) return { code: "Conflict" };
  // Only on networks with addresses to give: they come free as other jobs end.
  if (/could not find an available.*(address|network)|fully subnetted/i.test(words))
    return { code: "QuotaExceeded", retryable: true };
  if (
    /OCI runtime|executable file not found|exec format error|no such file or directory|invalid|unable to find (user|group)|unknown capability|could not select device driver/i.test(
      words,
    )
  )
    return { code: "InvalidSpec" };
  if (status === 404) return { code: "NotFound" };
  if (status === 400) return { code: "InvalidSpec" };
  if (status === 401 || status === 403) return { code: "Forbidden" };
  return { code: "Transient" };
}

/** Why an image could not be had. */
export type PullFailure =
  | "not found"
  | "refused"
  | "unreachable"
  | "limited"
  | "disk full"
  | "name"
  | "other";

export function pullFailure(words: string): PullFailure {
  if (/no space left on device|disk quota exceeded/i.test(words)) return "disk full";
  if (/toomanyrequests|rate limit|\b429\b/i.test(words)) return "limited";
  // Registries answer "denied" for repositories that do not exist, too: the words stand in the message.
  if (
    /unauthorized|denied|no basic auth credentials|incorrect username or password|authentication required|\b40[13]\b/i.test(
      words,
    )
  )
    return "refused";
  if (/manifest unknown|not found|name unknown|does not exist|no matching manifest|\b404\b/i.test(words))
    return "not found";
  if (/invalid reference format|repository name must be|invalid tag/i.test(words)) return "name";
  if (
    /connection refused|no such host|i\/o timeout|timeout|TLS handshake|network is unreachable|connection reset|unexpected EOF|\bEOF\b|bad gateway|service unavailable|\b50[0234]\b|server misbehaving|no route to host|unexpected commit digest|filesystem layer verification failed/i.test(
      words,
    )
  )
    return "unreachable";
  return "other";
}

/** The daemon's own words, without the wrapping of the library. */
export function daemonWords(failure: unknown): string {
  if (typeof failure !== "object" || failure === null) return String(failure);
  const { json, message } = failure as Failure;
  if (typeof json === "object" && json !== null && "message" in json && typeof json.message === "string")
    return json.message.trim();
  if (typeof message !== "string" || message === "") return String(failure);
  return message.replace(/^\(HTTP code \d+\) [\w ]+ - /, "").trim();
}

/** A container was to start whose first program, the kit's, is not there: the volume was removed, and made anew without it. */
export function isKitMissing(error: unknown): boolean {
  return (
    error instanceof ExecError &&
    error.message.includes(KIT.init) &&
    /no such file or directory|not found/i.test(error.message)
  );
}

/** The daemon takes it away already, or it is in use for a moment longer. */
export function isRemovalUnderWay(error: unknown): boolean {
  return error instanceof ExecError && /removal of container .* is already in progress/i.test(error.message);
}
