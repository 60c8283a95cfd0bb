import type { Permission } from "../identity/permission.ts";

/** API tokens and sign-in codes. Only hashes are kept. */
export interface AccessStore {
  addToken(token: TokenRecord): Promise<void>;
  /** By the SHA-256 of its text, in hex. Undefined: unknown, revoked or expired. */
  findToken(hash: string, now: number): Promise<TokenRecord | undefined>;
  listTokens(): Promise<readonly TokenRecord[]>;
  revokeToken(id: string): Promise<boolean>;
  touchToken(id: string, usedAt: number): Promise<void>;
  /** True if this call made it: exactly one of any number at once is the first start. */
  claimFirstStart(at: number): Promise<boolean>;

  addLoginCode(hash: string, tokenId: string, expiresAt: number): Promise<void>;
  /** Spends it: of any number at once one gets the token's id. */
  takeLoginCode(hash: string, now: number): Promise<string | undefined>;

  /** Tokens, those of sessions too, and codes that were over at this time. Gives how many. */
  removeExpired(before: number): Promise<number>;
}

export interface TokenRecord {
  readonly id: string;
  /** What approvals and builds call its holder. */
  readonly name: string;
  readonly hash: string;
  readonly permissions: readonly Permission[];
  /** Absent: every project. */
  readonly projectId?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly lastUsedAt?: number;
}
