import type { AccessStore, TokenRecord } from "../access-store.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { storedJson } from "../stored-json.ts";
import type { ApiTokenRow } from "../tables/kept-tables.ts";
import { taken } from "../taken.ts";
import { withoutNulls } from "../without-nulls.ts";

const FIRST_START = "first-start";

export function kyselyAccessStore(engine: Engine): AccessStore {
  const { session } = engine;
  return {
    async addToken(token) {
      await taken("such a token", session.change(ADD_TOKEN, token));
    },
    async findToken(hash, now) {
      const [row] = await session.rows(FIND_TOKEN, { hash, now });
      return row === undefined ? undefined : tokenOfRow(row);
    },
    async listTokens() {
      return (await session.rows(LIST_TOKENS, {})).map(tokenOfRow);
    },
    async revokeToken(id) {
      return (await session.change(REVOKE_TOKEN, { id })) > 0;
    },
    async touchToken(id, usedAt) {
      await session.change(TOUCH_TOKEN, { id, usedAt });
    },
    async claimFirstStart(at) {
      return (await session.change(MARK, { name: FIRST_START, at })) > 0;
    },
    async addLoginCode(hash, tokenId, expiresAt) {
      await taken("such a code", session.change(ADD_CODE, { hash, tokenId, expiresAt }));
    },
    async takeLoginCode(hash, now) {
      const [code] = await session.rows(TAKE_CODE, { hash });
      return code === undefined || code.expires_at <= now ? undefined : code.token_id;
    },
    removeExpired: (before) =>
      engine.transaction(
        async (inside) =>
          (await inside.change(REMOVE_CODES, { before })) + (await inside.change(REMOVE_TOKENS, { before })),
      ),
  };
}

function tokenOfRow(row: ApiTokenRow): TokenRecord {
  return withoutNulls({
    id: row.id,
    name: row.name,
    hash: row.hash,
    permissions: storedJson<TokenRecord["permissions"]>(row.permissions_json),
    projectId: row.project_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  });
}

const ADD_TOKEN = prepared<TokenRecord, unknown>((db, param) =>
  db.insertInto("api_tokens").values({
    id: param("id"),
    name: param("name"),
    hash: param("hash"),
    permissions_json: param(({ permissions }) => JSON.stringify(permissions)),
    project_id: param(({ projectId }) => projectId ?? null),
    created_at: param("createdAt"),
    expires_at: param(({ expiresAt }) => expiresAt ?? null),
    last_used_at: param(({ lastUsedAt }) => lastUsedAt ?? null),
  }),
);

const FIND_TOKEN = prepared<{ hash: string; now: number }, ApiTokenRow>((db, param) =>
  db
    .selectFrom("api_tokens")
    .selectAll()
    .where("hash", "=", param("hash"))
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", param("now"))])),
);

const LIST_TOKENS = prepared<object, ApiTokenRow>((db) =>
  db.selectFrom("api_tokens").selectAll().orderBy("created_at").orderBy("id"),
);

const REVOKE_TOKEN = prepared<{ id: string }, unknown>((db, param) =>
  db.deleteFrom("api_tokens").where("id", "=", param("id")),
);

/** Never back in time: uses may be noted late and out of order. */
const TOUCH_TOKEN = prepared<{ id: string; usedAt: number }, unknown>((db, param) =>
  db
    .updateTable("api_tokens")
    .set({ last_used_at: param("usedAt") })
    .where("id", "=", param("id"))
    .where((eb) => eb.or([eb("last_used_at", "is", null), eb("last_used_at", "<", param("usedAt"))])),
);

const MARK = prepared<{ name: string; at: number }, unknown>((db, param) =>
  db
    .insertInto("server_marks")
    .values({ name: param("name"), at: param("at") })
    .onConflict((conflict) => conflict.column("name").doNothing()),
);

const ADD_CODE = prepared<{ hash: string; tokenId: string; expiresAt: number }, unknown>((db, param) =>
  db
    .insertInto("login_codes")
    .values({ hash: param("hash"), token_id: param("tokenId"), expires_at: param("expiresAt") }),
);

const TAKE_CODE = prepared<{ hash: string }, { token_id: string; expires_at: number }>((db, param) =>
  db.deleteFrom("login_codes").where("hash", "=", param("hash")).returning(["token_id", "expires_at"]),
);

const REMOVE_CODES = prepared<{ before: number }, unknown>((db, param) =>
  db.deleteFrom("login_codes").where("expires_at", "<=", param("before")),
);

const REMOVE_TOKENS = prepared<{ before: number }, unknown>((db, param) =>
  db.deleteFrom("api_tokens").where("expires_at", "<=", param("before")),
);
