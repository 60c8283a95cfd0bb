import { ExecError } from "../../errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTDIR: "a part of the path is not a directory",
  ENOENT: "the directory does not exist",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENAMETOOLONG: "the path is too long",
};

/** What went wrong with a file, in words: "<what>: no space is left on the device: '/tmp/x' (ENOSPC)". */
export function describeFileError(what: string, error: unknown): ExecError {
  if (error instanceof ExecError) return error;
  const { code, path, message } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? undefined : REASONS[code];
  const where = path === undefined ? "" : `: '${path}'`;
  const text = reason === undefined ? `${what}: ${message}` : `${what}: ${reason}${where} (${code})`;
  return new ExecError("Permanent", text, { cause: error });
}
