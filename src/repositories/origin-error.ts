import { ExecError } from "../errors.ts";
import { remoteError } from "../runner/git/remote-error.ts";

/**
 * What an origin's refusal means for a project: `Transient` where it could not be reached, else `Permanent`, for nothing
 * but a change of the project or of the origin helps. The message holds none of `secrets`.
 */
export function originError(
  what: string,
  url: string,
  stderr: string,
  secrets: readonly string[],
): ExecError {
  let said = stderr;
  for (const secret of secrets) if (secret !== "") said = said.replaceAll(secret, "***");
  const { code, message } = remoteError(what, url, said);
  return new ExecError(code === "Transient" ? "Transient" : "Permanent", message);
}

/** True where git speaks of the mirror itself, not of the origin: it must be made anew. */
export function isMirrorDamage(stderr: string): boolean {
  return /corrupt|bad (?:object|signature|tree|ref|sha1|config)|unable to (?:read|parse|unpack)|object file .* is empty|missing (?:blob|tree|commit)|inflate|not a git repository: '|did not receive expected object|unresolved delta|\.lock': File exists|unable to (?:create|resolve)|cannot lock ref|invalid (?:index-pack|sha1 pointer)|bogus|garbage|is far too short|failed to traverse|packfile .* (?:cannot|does not)/i.test(
    stderr,
  );
}
