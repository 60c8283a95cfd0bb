import { ExecError, type ExecErrorCode } from "../errors.ts";

const CODES: Readonly<Record<string, ExecErrorCode>> = {
  ENOSPC: "QuotaExceeded",
  EDQUOT: "QuotaExceeded",
  EFBIG: "QuotaExceeded",
  EACCES: "Permanent",
  EPERM: "Permanent",
  EROFS: "Permanent",
  ENOENT: "NotFound",
  ENOTDIR: "Conflict",
  EISDIR: "Conflict",
  EEXIST: "Conflict",
  ENAMETOOLONG: "InvalidSpec",
  ELOOP: "Forbidden",
  EMFILE: "Transient",
  ENFILE: "Transient",
  EAGAIN: "Transient",
  EBUSY: "Transient",
};

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is larger than this user may write",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ELOOP: "it is a symbolic link, which is never followed",
};

/** What went wrong with a file, as an `ExecError`; `doing` is a phrase such as `cannot store artifact x`. */
export function fileError(error: unknown, doing: string): ExecError {
  if (error instanceof ExecError) return error;
  const code = errnoCode(error);
  const why = (code && WORDS[code]) ?? (error instanceof Error ? error.message : String(error));
  return new ExecError((code && CODES[code]) || "Permanent", `${doing}: ${why}`, { cause: error });
}

/** `ENOENT` and its like, of an error of Node's. */
export function errnoCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
