import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { RequestKey, RequestStore, StoredAnswer } from "../request-store.ts";
import type { RequestRow } from "../tables/kept-tables.ts";

export function kyselyRequestStore(engine: Engine): RequestStore {
  const { session } = engine;
  return {
    begin: (key, now, holdMs) =>
      engine.transaction(async (inside) => {
        await inside.change(EXPIRE_ONE, { ...key, now });
        if ((await inside.change(BEGIN, { ...key, expiresAt: now + holdMs })) > 0) return { kind: "new" };
        const [row] = await inside.rows(FIND, key);
        if (row === undefined) return { kind: "busy" };
        if (row.fingerprint !== key.fingerprint) return { kind: "different" };
        if (row.status === null) return { kind: "busy" };
        return { kind: "done", answer: { status: row.status, body: row.body ?? "" } };
      }),
    async prolong(key, until) {
      await session.change(PROLONG, { ...key, until });
    },
    async finish(key, answer, keepUntil) {
      await session.change(FINISH, { ...key, ...answer, keepUntil });
    },
    async forget(key) {
      await session.change(FORGET, key);
    },
    removeExpired: (now) => session.change(REMOVE_EXPIRED, { now }),
  };
}

const EXPIRE_ONE = prepared<RequestKey & { now: number }, unknown>((db, param) =>
  db
    .deleteFrom("requests")
    .where("caller", "=", param("caller"))
    .where("key", "=", param("key"))
    .where("expires_at", "<=", param("now")),
);

const BEGIN = prepared<RequestKey & { expiresAt: number }, unknown>((db, param) =>
  db
    .insertInto("requests")
    .values({
      caller: param("caller"),
      key: param("key"),
      fingerprint: param("fingerprint"),
      expires_at: param("expiresAt"),
    })
    .onConflict((conflict) => conflict.columns(["caller", "key"]).doNothing()),
);

const FIND = prepared<RequestKey, RequestRow>((db, param) =>
  db.selectFrom("requests").selectAll().where("caller", "=", param("caller")).where("key", "=", param("key")),
);

const PROLONG = prepared<RequestKey & { until: number }, unknown>((db, param) =>
  db
    .updateTable("requests")
    .set({ expires_at: param("until") })
    .where("caller", "=", param("caller"))
    .where("key", "=", param("key"))
    .where("fingerprint", "=", param("fingerprint"))
    .where("status", "is", null),
);

const FINISH = prepared<RequestKey & StoredAnswer & { keepUntil: number }, unknown>((db, param) =>
  db
    .updateTable("requests")
    .set({ status: param("status"), body: param("body"), expires_at: param("keepUntil") })
    .where("caller", "=", param("caller"))
    .where("key", "=", param("key"))
    .where("fingerprint", "=", param("fingerprint")),
);

const FORGET = prepared<RequestKey, unknown>((db, param) =>
  db
    .deleteFrom("requests")
    .where("caller", "=", param("caller"))
    .where("key", "=", param("key"))
    .where("fingerprint", "=", param("fingerprint"))
    .where("status", "is", null),
);

const REMOVE_EXPIRED = prepared<{ now: number }, unknown>((db, param) =>
  db.deleteFrom("requests").where("expires_at", "<=", param("now")),
);
