import { describe, expect, it } from "vitest";
import { newId } from "../../new-id.ts";
import type { ArtifactEntry, CacheRow } from "../artifact-store.ts";
import type { TestStore } from "../store.fixture.ts";

export function artifactConformance(given: () => TestStore): void {
  const artifact = (projectId: string, change: Partial<ArtifactEntry> = {}): ArtifactEntry => {
    const id = newId(0);
    return {
      id,
      databaseId: 9_007_199_254_740_991,
      projectId,
      rootId: `root of ${projectId}`,
      buildId: `root of ${projectId}`,
      jobKey: "",
      attempt: 1,
      name: "dist",
      file: "dist.zip",
      contentType: "application/zip",
      blobKey: `artifacts/${id}`,
      sizeBytes: 5_000_000_000,
      sha256: "aa",
      createdAt: 1_000,
      expiresAt: 2_000,
      ...change,
    };
  };
  const cache = (projectId: string, change: Partial<CacheRow> = {}): CacheRow => {
    const id = newId(0);
    return {
      id,
      databaseId: 1,
      projectId,
      version: "v1",
      scope: "refs/heads/main",
      key: "npm-linux-abc",
      blobKey: `caches/${id}`,
      sizeBytes: 100,
      createdAt: 1_000,
      usedAt: 1_000,
      ...change,
    };
  };

  describe("artifacts", () => {
    it("replace one of the same name of the same run, and say whose blob is of no use", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const [first, second, other] = [
        artifact(projectId),
        artifact(projectId),
        artifact(projectId, { name: "logs", createdAt: 999 }),
      ];
      expect(await store.artifacts.putArtifact(first)).toBeUndefined();
      expect(await store.artifacts.putArtifact(first)).toBeUndefined();
      expect(await store.artifacts.putArtifact(other)).toBeUndefined();
      expect(await store.artifacts.putArtifact(second)).toBe(first.blobKey);
      expect(await store.artifacts.listArtifacts(first.rootId, 1_500)).toEqual([other, second]);
      await expect(store.artifacts.getArtifact(first.id)).rejects.toMatchObject({ code: "NotFound" });
      expect(await store.artifacts.getArtifact(second.id)).toEqual(second);
      const orphan = store.artifacts.putArtifact(artifact("none"));
      await expect(orphan).rejects.toMatchObject({ code: "NotFound" });
    });

    it("leave one that stays, and say that their own blob is of no use", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const [first, second, third] = [artifact(projectId), artifact(projectId), artifact(projectId)];
      const seen: string[] = [];
      const stays = (answer: boolean) => (present: { readonly id: string }) => {
        seen.push(present.id);
        return answer;
      };
      expect(await store.artifacts.putArtifact(first, stays(true))).toBeUndefined();
      expect(await store.artifacts.putArtifact(second, stays(true))).toBe(second.blobKey);
      expect(await store.artifacts.listArtifacts(first.rootId, 1_500)).toEqual([first]);
      expect(await store.artifacts.putArtifact(third, stays(false))).toBe(first.blobKey);
      expect(await store.artifacts.listArtifacts(first.rootId, 1_500)).toEqual([third]);
      expect(seen).toEqual([first.id, first.id]);
    });

    it("of the same name put at once leave one, and name every other's blob", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const all = Array.from({ length: 6 }, () => artifact(projectId));
      const replaced = await Promise.all(all.map((each) => store.artifacts.putArtifact(each)));
      const [left] = await store.artifacts.listArtifacts(all[0]?.rootId ?? "", 0);
      const blobs = [left?.blobKey, ...replaced.filter((key) => key !== undefined)];
      expect(blobs.toSorted()).toEqual(all.map(({ blobKey }) => blobKey).toSorted());
    });

    it("expire, oldest first, and are deleted once", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const [late, early] = [
        artifact(projectId, { name: "a", expiresAt: 300 }),
        artifact(projectId, { name: "b", expiresAt: 200 }),
      ];
      for (const each of [late, early]) await store.artifacts.putArtifact(each);
      expect(await store.artifacts.listArtifacts(late.rootId, 200)).toEqual([late]);
      expect(await store.artifacts.expiredArtifacts(300, 10)).toEqual([early, late]);
      expect(await store.artifacts.expiredArtifacts(300, 1)).toEqual([early]);
      expect(await store.artifacts.expiredArtifacts(199, 10)).toEqual([]);
      expect(await store.artifacts.deleteArtifact(early.id)).toEqual(early);
      expect(await store.artifacts.deleteArtifact(early.id)).toBeUndefined();
    });
  });

  describe("caches", () => {
    it("are one for each project, version, scope and key", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      await store.artifacts.addCache(cache(projectId));
      const again = store.artifacts.addCache(cache(projectId));
      await expect(again).rejects.toMatchObject({ code: "Conflict" });
      for (const change of [{ version: "v2" }, { scope: "refs/heads/x" }, { key: "npm-LINUX-abc" }])
        await store.artifacts.addCache(cache(projectId, change));
      const { id: other } = await project();
      await store.artifacts.addCache(cache(other));
      expect(await store.artifacts.cacheBytes(projectId)).toBe(400);
      expect(await store.artifacts.cacheBytes("none")).toBe(0);
    });

    it("are found by version, scopes and the beginning of the key, newest first", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const rows = [
        cache(projectId, { key: "a%_1", createdAt: 1 }),
        cache(projectId, { key: "a%_2", createdAt: 2, version: "v2" }),
        cache(projectId, { key: "a%_3", createdAt: 3, scope: "refs/heads/x" }),
        cache(projectId, { key: "axx", createdAt: 4 }),
        cache(projectId, { key: "🚢é", createdAt: 5 }),
      ];
      for (const row of rows) await store.artifacts.addCache(row);
      const table: [object, number[]][] = [
        [{}, [4, 3, 2, 1, 0]],
        [{ version: "v1" }, [4, 3, 2, 0]],
        [{ scopes: ["refs/heads/x", "refs/heads/y"] }, [2]],
        [{ scopes: [] }, []],
        [{ keyPrefix: "a%_" }, [2, 1, 0]],
        [{ keyPrefix: "a" }, [3, 2, 1, 0]],
        [{ keyPrefix: "A" }, []],
        [{ keyPrefix: "🚢" }, [4]],
        [{ keyPrefix: "" }, [4, 3, 2, 1, 0]],
        [{ version: "v1", scopes: ["refs/heads/main"], keyPrefix: "a%_" }, [0]],
      ];
      for (const [filter, expected] of table)
        expect(await store.artifacts.listCaches({ projectId, ...filter }), JSON.stringify(filter)).toEqual(
          expected.map((i) => rows[i]),
        );
    });

    it("are told apart by when they were last used", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const [one, two] = [cache(projectId, { usedAt: 10 }), cache(projectId, { key: "k", usedAt: 20 })];
      for (const row of [one, two]) await store.artifacts.addCache(row);
      expect(await store.artifacts.leastRecentlyUsed(projectId, 10)).toEqual([one, two]);
      await store.artifacts.touchCache(one.id, 30);
      await store.artifacts.touchCache(one.id, 5);
      await store.artifacts.touchCache("none", 5);
      expect(await store.artifacts.leastRecentlyUsed(projectId, 1)).toEqual([two]);
      expect(await store.artifacts.deleteCache(one.id)).toEqual({ ...one, usedAt: 30 });
      expect(await store.artifacts.deleteCache(one.id)).toBeUndefined();
    });

    it("and artifacts own their blobs", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const [made, kept] = [artifact(projectId), cache(projectId)];
      await store.artifacts.putArtifact(made);
      await store.artifacts.addCache(kept);
      const owned = await store.artifacts.ownedBlobs([made.blobKey, kept.blobKey, "none"]);
      expect(owned).toEqual(new Set([made.blobKey, kept.blobKey]));
      expect(await store.artifacts.ownedBlobs([])).toEqual(new Set());
    });
  });
}
