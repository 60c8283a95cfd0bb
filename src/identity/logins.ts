import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { AccessStore } from "../store/access-store.ts";
import { hashCredential } from "./api-token.ts";
import type { ApiTokens } from "./api-tokens.ts";

export interface LoginOptions {
  readonly access: Pick<AccessStore, "addLoginCode" | "takeLoginCode">;
  readonly tokens: Pick<ApiTokens, "openSession">;
  readonly clock: Pick<Clock, "now">;
  /** 10 minutes where absent. */
  readonly codeLifetimeMs?: number;
  /** 7 days where absent. */
  readonly sessionLifetimeMs?: number;
}

/** What a session's cookie carries. */
export interface Session {
  readonly bearer: string;
  readonly expiresAt: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Sign-in without a password: a code that is good once and not for long becomes a session with a token's rights. */
export class Logins {
  readonly #options: LoginOptions;

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  /** A code for whoever is to sign in with the rights of this token; the last part of a login link. */
  async createCode(tokenId: string): Promise<{ readonly code: string; readonly expiresAt: number }> {
    const { access, clock, codeLifetimeMs = 10 * MINUTE_MS } = this.#options;
    const code = randomBytes(32).toString("base64url");
    const expiresAt = clock.now() + codeLifetimeMs;
    await access.addLoginCode(hashCredential(code), tokenId, expiresAt);
    return { code, expiresAt };
  }

  /** Spends the code. Undefined: unknown, spent, too old, or its token is no longer good. */
  async redeem(code: string): Promise<Session | undefined> {
    const { access, clock, tokens, sessionLifetimeMs = 7 * DAY_MS } = this.#options;
    const tokenId = await access.takeLoginCode(hashCredential(code), clock.now());
    if (tokenId === undefined) return undefined;
    const session = await tokens.openSession(tokenId, sessionLifetimeMs);
    if (session === undefined) return undefined;
    return { bearer: session.token, expiresAt: session.info.expiresAt ?? clock.now() + sessionLifetimeMs };
  }
}
