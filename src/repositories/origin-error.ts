import { ExecError } from "../errors.ts";
import { remoteError } from "../runner/git/remote-error.ts";

const NO_ROOM = /no space left on device|disk quota exceeded|file too large/i;

/**
 * What an origin's refusal means for a project: `Transient` where it could not be reached, `QuotaExceeded` where there is no room here for what it has, else `Permanent`, for nothing
 * but a change of the project or of the origin helps. The message holds none of `secrets`.
 */
export function originError(
  what: string,
  url: string,
  stderr: string,
  secrets: readonly string[],
): ExecError {
  if (NO_ROOM.test(stderr))
    return new ExecError("QuotaExceeded", `The disk is full: there is no room for the repository ${what}.`);
  let said = stderr;
  for (const secret of secrets) if (secret !== "") said = said.replaceAll(secret, "***");
  const { code, message } = remoteError(what, url, said);
  return new ExecError(code === "Transient" ? "Transient" : "Permanent", message);
}

/** True where git speaks of the mirror itself, not of the origin: it must be made anew. */
export function isMirrorDamage(stderr: string): boolean {
  // Made anew it would need more room still.
  if (NO_ROOM.test(stderr)) return false;
  return /corrupt|bad (?:object|signature|tree|ref|sha1|config)|unable to (?:read|parse|unpack)|object file .* is empty|missing (?:blob|tree|commit)|inflate|not a git repository: '|did not receive expected object|unresolved delta|\.lock': File exists|unable to (?:create|resolve)|cannot lock ref|invalid (?:index-pack|sha1 pointer)|bogus|garbage|is far too short|failed to traverse|packfile .* (?:cannot|does not)/i.test(
    stderr,
  );
}
