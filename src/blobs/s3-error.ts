import { ExecError, type ExecErrorCode } from "../errors.ts";
import { errnoCode } from "./file-error.ts";

export interface S3Place {
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
}

/** The server, as a person knows it. */
function nameOf({ endpoint, region }: S3Place): string {
  return endpoint ?? `Amazon S3 in ${region}`;
}

const KNOWN: Readonly<Record<string, readonly [ExecErrorCode, (place: S3Place) => string]>> = {
  NoSuchBucket: ["Permanent", (place) => `there is no bucket ${place.bucket} at ${nameOf(place)}`],
  AccessDenied: [
    "Permanent",
    ({ bucket }) => `the access key has no right to do this in the bucket ${bucket}`,
  ],
  InvalidAccessKeyId: ["Permanent", (place) => `${nameOf(place)} does not know the access key`],
  SignatureDoesNotMatch: [
    "Permanent",
    (place) => `${nameOf(place)} says that the secret access key (or the region) is wrong`,
  ],
  RequestTimeTooSkewed: [
    "Permanent",
    (place) => `the clock of this machine and that of ${nameOf(place)} are too far apart`,
  ],
  AuthorizationHeaderMalformed: [
    "Permanent",
    (place) => `${nameOf(place)} wants another region or access key`,
  ],
  NoSuchKey: ["NotFound", () => "there is no such blob"],
  EntityTooLarge: ["QuotaExceeded", () => "it is larger than the server takes"],
  QuotaExceeded: ["QuotaExceeded", ({ bucket }) => `the quota of the bucket ${bucket} is used up`],
  XMinioStorageFull: ["QuotaExceeded", (place) => `the disks of ${nameOf(place)} are full`],
  XMinioAdminBucketQuotaExceeded: [
    "QuotaExceeded",
    ({ bucket }) => `the quota of the bucket ${bucket} is used up`,
  ],
  SlowDown: ["Transient", (place) => `${nameOf(place)} asks for fewer requests`],
  TimeoutError: ["Transient", (place) => `${nameOf(place)} does not answer in time`],
  AbortError: ["Cancelled", () => "it was cancelled"],
};

const CONNECTION = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOTFOUND",
]);

/** What a request to an S3 server failed of, as an `ExecError`; `doing` is a phrase such as `cannot store x`. */
export function s3Error(error: unknown, doing: string, place: S3Place): ExecError {
  if (error instanceof ExecError) return error;
  const name = error instanceof Error ? error.name : "";
  const known = KNOWN[name] ?? KNOWN[codeOf(error) ?? ""];
  if (known !== undefined) {
    const [code, words] = known;
    return new ExecError(code, `${doing}: ${words(place)}`, { cause: error });
  }
  const connection = errnoCode(error);
  if (connection !== undefined && CONNECTION.has(connection)) {
    return new ExecError("Transient", `${doing}: ${nameOf(place)} cannot be reached (${connection})`, {
      cause: error,
    });
  }
  const status = s3Status(error);
  const message = error instanceof Error && error.message !== "" ? error.message : name;
  return new ExecError(
    codeOfStatus(status, error),
    `${doing}: ${nameOf(place)} answers ${status ?? "nothing"}: ${message}`,
    {
      cause: error,
    },
  );
}

/** The status of the answer that an error of the SDK stands for. */
export function s3Status(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("$metadata" in error)) return undefined;
  const { $metadata } = error;
  if (typeof $metadata !== "object" || $metadata === null || !("httpStatusCode" in $metadata))
    return undefined;
  return typeof $metadata.httpStatusCode === "number" ? $metadata.httpStatusCode : undefined;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("Code" in error)) return undefined;
  return typeof error.Code === "string" ? error.Code : undefined;
}

function codeOfStatus(status: number | undefined, error: unknown): ExecErrorCode {
  // An answer that ended early or made no sense came from a server that is going away, or from something before it.
  if (status === undefined) return isOurs(error) ? "Permanent" : "Transient";
  if (status === 404) return "NotFound";
  if (status === 507) return "QuotaExceeded";
  if (status === 501) return "Permanent";
  if (status === 408 || status === 429 || status >= 500) return "Transient";
  return "Permanent";
}

function isOurs(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}
