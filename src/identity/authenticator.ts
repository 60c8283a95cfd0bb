import { hash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { AccessStore, TokenRecord } from "../store/access-store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { hashCredential, isApiToken } from "./api-token.ts";
import type { Principal } from "./principal.ts";

export interface AuthenticatorOptions {
  readonly access: Pick<AccessStore, "findToken" | "touchToken">;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  /** What the parts of a server that runs in several processes show each other. Absent: nobody is one. */
  readonly serviceCredential?: string | undefined;
}

const TOUCH_EVERY_MS = 5 * 60_000;
const MAX_TOUCHED = 10_000;

/** Says who a bearer is: the holder of an API token, or another part of this server. Tokens of jobs are neither. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  /** Token ids to when this process last noted their use. */
  readonly #touched = new Map<string, number>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Rejects with `Unauthorized` for none, and for an unknown, revoked or expired one; with `Transient` as the store does. */
  async authenticate(bearer: string | undefined): Promise<Principal> {
    if (bearer === undefined || bearer === "") {
      throw new ExecError("Unauthorized", "This needs an API token, as `Authorization: Bearer slw_…`.");
    }
    const { access, clock, serviceCredential } = this.#options;
    if (serviceCredential !== undefined && serviceCredential !== "" && same(bearer, serviceCredential)) {
      return { kind: "service", id: "service", name: "service", permissions: ["admin"] };
    }
    if (!isApiToken(bearer)) throw new ExecError("Unauthorized", "What was shown is not an API token.");
    const hash = hashCredential(bearer);
    const token = await access.findToken(hash, clock.now());
    if (!token || !same(token.hash, hash)) {
      throw new ExecError("Unauthorized", "The API token is not known here, was revoked or has expired.");
    }
    this.#touch(token);
    const { id, name, permissions, projectId } = token;
    return { kind: "token", id, name, permissions, ...(projectId === undefined ? {} : { projectId }) };
  }

  /** Beside the request, which neither waits for it nor fails by it. */
  #touch({ id, lastUsedAt }: TokenRecord): void {
    const { access, clock, logger } = this.#options;
    const now = clock.now();
    const last = Math.max(lastUsedAt ?? 0, this.#touched.get(id) ?? 0);
    if (now - last < TOUCH_EVERY_MS) return;
    if (this.#touched.size >= MAX_TOUCHED) this.#touched.clear();
    this.#touched.set(id, now);
    access.touchToken(id, now).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      logger.warn({ tokenId: id, error: message }, "the use of an API token could not be noted");
    });
  }
}

/** In a time that says nothing about where two texts differ, nor how long they are. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => hash("sha256", text, "buffer");
  return timingSafeEqual(digest(a), digest(b));
}
