import { ExecError } from "../../errors.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import type { Engine } from "../engine/engine.ts";
import { inChunks } from "../in-chunks.ts";
import { taken } from "../taken.ts";
import * as artifacts from "./artifacts.ts";
import * as caches from "./caches.ts";

const { artifactOfRow } = artifacts;
const { cacheOfRow } = caches;

export function kyselyArtifactStore(engine: Engine): ArtifactStore {
  const { session } = engine;
  return {
    putArtifact: (artifact, stays) =>
      engine.transaction(async (inside) => {
        const { rootId, name } = artifact;
        await inside.hold(`artifacts ${rootId}`);
        if (stays !== undefined) {
          const rows = await inside.rows(artifacts.OF_ROOT, { rootId, now: 0 });
          const present = rows.map(artifactOfRow).find((each) => each.name === name);
          if (present !== undefined && stays(present)) return artifact.blobKey;
        }
        const [replaced] = await inside.rows(artifacts.REPLACED, artifact);
        await inside.change(artifacts.ADD, artifact);
        return replaced?.blob_key === artifact.blobKey ? undefined : replaced?.blob_key;
      }),
    async listArtifacts(rootId, now) {
      return (await session.rows(artifacts.OF_ROOT, { rootId, now })).map(artifactOfRow);
    },
    async getArtifact(id) {
      const [row] = await session.rows(artifacts.BY_ID, { id });
      if (row === undefined) throw new ExecError("NotFound", `there is no artifact ${id}`);
      return artifactOfRow(row);
    },
    async deleteArtifact(id) {
      const [row] = await session.rows(artifacts.REMOVE, { id });
      return row === undefined ? undefined : artifactOfRow(row);
    },
    async expiredArtifacts(now, limit) {
      return (await session.rows(artifacts.EXPIRED, { now, limit })).map(artifactOfRow);
    },

    async addCache(cache) {
      await taken(`a cache ${cache.key} of this version and scope`, session.change(caches.ADD, cache));
    },
    listCaches: (filter) => caches.listCaches(engine, filter),
    async touchCache(id, usedAt) {
      await session.change(caches.TOUCH, { id, usedAt });
    },
    async deleteCache(id) {
      const [row] = await session.rows(caches.REMOVE, { id });
      return row === undefined ? undefined : cacheOfRow(row);
    },
    async cacheBytes(projectId) {
      const [sum] = await session.rows(caches.BYTES, { projectId });
      return sum?.bytes ?? 0;
    },
    async leastRecentlyUsed(projectId, limit) {
      return (await session.rows(caches.LEAST_RECENTLY_USED, { projectId, limit })).map(cacheOfRow);
    },

    async ownedBlobs(blobKeys) {
      const owned = new Set<string>();
      for (const keys of inChunks(blobKeys, 500)) {
        const rows = await session.query(
          engine.db
            .selectFrom("artifacts")
            .select("blob_key")
            .where("blob_key", "in", keys)
            .union(engine.db.selectFrom("caches").select("blob_key").where("blob_key", "in", keys))
            .compile(),
        );
        for (const { blob_key } of rows) owned.add(blob_key);
      }
      return owned;
    },
  };
}
