import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { newId } from "../new-id.ts";
import type { AccessStore, TokenRecord } from "../store/access-store.ts";
import { hashCredential, isApiToken, newApiToken } from "./api-token.ts";
import { PERMISSIONS, type Permission } from "./permission.ts";

export interface NewApiTokenRequest {
  /** What approvals and builds call its holder. */
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Absent: every project. */
  readonly projectId?: string;
  /** Unix milliseconds; absent: never. */
  readonly expiresAt?: number;
}

/** What may be known of a token. */
export interface ApiTokenInfo extends NewApiTokenRequest {
  readonly id: string;
  readonly createdAt: number;
  readonly lastUsedAt?: number;
}

export interface CreatedApiToken {
  /** Shown this once; kept nowhere. */
  readonly token: string;
  readonly info: ApiTokenInfo;
}

const MAX_NAME_CHARACTERS = 100;
/** Between a token's id and the rest of the id of a session that was begun with it. */
const SESSION_MARK = ".session.";

/** API tokens: made, listed, revoked. Who may do that is the caller's to check. */
export class ApiTokens {
  readonly #access: AccessStore;
  readonly #clock: Pick<Clock, "now">;

  constructor(access: AccessStore, clock: Pick<Clock, "now">) {
    this.#access = access;
    this.#clock = clock;
  }

  /** Rejects with `InvalidSpec` for a request that makes no sense. */
  create(request: NewApiTokenRequest): Promise<CreatedApiToken> {
    check(request, this.#clock.now());
    return this.#add(request, newId(this.#clock.now()), newApiToken());
  }

  /**
   * The admin token of a new server, made once: of any number of servers that start on the same records one gets it, the
   * others undefined. `text`: what it is to be, where whoever installs the server chose it.
   */
  async createFirst(text?: string): Promise<CreatedApiToken | undefined> {
    if (text !== undefined && !isApiToken(text)) {
      throw new ExecError("InvalidSpec", "The given admin token is not slw_ and 43 characters of base64url.");
    }
    const now = this.#clock.now();
    const request = { name: "admin", permissions: ["admin"] } as const;
    if (text !== undefined && (await this.#access.findToken(hashCredential(text), now))) return undefined;
    // Before the claim: a crash between the two leaves a token that nobody knows, and the next start makes another.
    const created = await this.#add(request, newId(now), text ?? newApiToken()).catch((error: unknown) => {
      // Another server that starts just now was given the same text.
      if (text !== undefined && error instanceof ExecError && error.code === "Conflict") return undefined;
      throw error;
    });
    if (created === undefined || (await this.#access.claimFirstStart(now))) return created;
    await this.#access.revokeToken(created.info.id);
    return undefined;
  }

  /**
   * A session in a browser: a token of its own with the rights of the given one, which ends with it. Undefined where
   * that is no longer good.
   */
  async openSession(tokenId: string, lifetimeMs: number): Promise<CreatedApiToken | undefined> {
    const now = this.#clock.now();
    const parent = (await this.#access.listTokens()).find(({ id }) => id === tokenId);
    if (!parent || (parent.expiresAt ?? Number.POSITIVE_INFINITY) <= now) return undefined;
    const { name, permissions, projectId } = parent;
    const expiresAt = Math.min(now + lifetimeMs, parent.expiresAt ?? Number.POSITIVE_INFINITY);
    const request = { name, permissions, expiresAt, ...(projectId === undefined ? {} : { projectId }) };
    return this.#add(request, `${tokenId}${SESSION_MARK}${newId(now)}`, newApiToken());
  }

  /** Newest first, without sessions. */
  async list(): Promise<readonly ApiTokenInfo[]> {
    const tokens = await this.#access.listTokens();
    return tokens
      .filter(({ id }) => !id.includes(SESSION_MARK))
      .map(infoOf)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  }

  /** At once, and every session that was begun with it. False: there is none. */
  async revoke(id: string): Promise<boolean> {
    const revoked = await this.#access.revokeToken(id);
    // After it: from now on no further session can begin.
    for (const token of await this.#access.listTokens()) {
      if (token.id.startsWith(`${id}${SESSION_MARK}`)) await this.#access.revokeToken(token.id);
    }
    return revoked;
  }

  async #add(request: NewApiTokenRequest, id: string, token: string): Promise<CreatedApiToken> {
    const { name, permissions, projectId, expiresAt } = request;
    const record: TokenRecord = {
      id,
      name,
      hash: hashCredential(token),
      permissions,
      createdAt: this.#clock.now(),
      ...(projectId === undefined ? {} : { projectId }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    await this.#access.addToken(record);
    return { token, info: infoOf(record) };
  }
}

function check({ name, permissions, projectId, expiresAt }: NewApiTokenRequest, now: number): void {
  if (name.trim() === "" || name.length > MAX_NAME_CHARACTERS || /\p{Cc}/u.test(name)) {
    throw new ExecError(
      "InvalidSpec",
      `A token's name has 1 to ${MAX_NAME_CHARACTERS} printable characters.`,
    );
  }
  const unknown = permissions.find((permission) => !PERMISSIONS.includes(permission));
  if (permissions.length === 0 || unknown !== undefined) {
    throw new ExecError("InvalidSpec", `A token has at least one permission of ${PERMISSIONS.join(", ")}.`);
  }
  if (projectId !== undefined && permissions.includes("admin")) {
    throw new ExecError("InvalidSpec", "A token of one project cannot have the permission admin.");
  }
  if (expiresAt !== undefined && !(expiresAt > now)) {
    throw new ExecError("InvalidSpec", "A token expires in the future.");
  }
}

/** Field by field: whatever a record gains, its hash goes nowhere. */
function infoOf({
  id,
  name,
  permissions,
  projectId,
  createdAt,
  expiresAt,
  lastUsedAt,
}: TokenRecord): ApiTokenInfo {
  return {
    id,
    name,
    permissions,
    createdAt,
    ...(projectId === undefined ? {} : { projectId }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  };
}
