/** What every token of a job says, whoever keeps account of which jobs are live. */
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { cacheScopesClaim } from "./cache-scopes.ts";
import { readToken } from "./job-jwt.ts";
import type { JobIdentity, TokenPurpose } from "./job-tokens.ts";

/** Longer than any job should take; what really ends a token is the end of its job. */
const TOKEN_LIFETIME_SECONDS = 7 * 24 * 3600;

const SCOPE_NAMES: Readonly<Record<TokenPurpose, string>> = {
  runtime: "Actions.Results",
  "id-token": "Actions.IdToken",
  git: "Slipway.Git",
  runner: "Slipway.Runner",
};

/** `scp` and `ac` as the clients of GitHub's services read them. */
export function jobClaims(identity: JobIdentity, purpose: TokenPurpose, nowMs: number): JsonObject {
  const now = Math.floor(nowMs / 1000);
  return {
    iss: "slipway",
    aud: `slipway/${purpose}`,
    sub: identity.jobBackendId,
    scp: `${SCOPE_NAMES[purpose]}:${identity.runBackendId}:${identity.jobBackendId}`,
    ...(purpose === "runtime" && { ac: cacheScopesClaim(identity.scopes) }),
    iat: now,
    nbf: now - 60,
    exp: now + TOKEN_LIFETIME_SECONDS,
  };
}

/** The claims of a token that one of the keys signed, for this purpose, and not too long ago; else `Unauthorized`. */
export function readJobClaims(
  token: string,
  purpose: TokenPurpose,
  keys: readonly Uint8Array[],
  clock: Pick<Clock, "now">,
): JsonObject {
  const claims = keys.map((key) => readToken(token, key)).find((found) => found !== undefined);
  if (!claims) throw new ExecError("Unauthorized", "the token is none of a job's here");
  if (claims.aud !== `slipway/${purpose}`) {
    throw new ExecError("Unauthorized", "the token is for another purpose");
  }
  if (!(Number(claims.exp) * 1000 > clock.now())) throw new ExecError("Unauthorized", "the token expired");
  return claims;
}
