import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../access-store.ts";
import type { TestStore } from "../store.fixture.ts";

export function accessConformance(given: () => TestStore): void {
  const token = (id: string, change: Partial<TokenRecord> = {}): TokenRecord => ({
    id,
    name: `token ${id}`,
    hash: `hash of ${id}`,
    permissions: ["project:read", "project:write"],
    createdAt: 1,
    ...change,
  });

  describe("access", () => {
    it("finds a token by its hash until it expires or is revoked", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const [forever, brief] = [
        token("forever"),
        token("brief", { projectId, expiresAt: 100, createdAt: 2 }),
      ];
      for (const each of [forever, brief]) await store.access.addToken(each);
      expect(await store.access.findToken(forever.hash, 1e12)).toEqual(forever);
      expect(await store.access.findToken(brief.hash, 99)).toEqual(brief);
      expect(await store.access.findToken(brief.hash, 100)).toBeUndefined();
      expect(await store.access.findToken("none", 1)).toBeUndefined();
      expect(await store.access.listTokens()).toEqual([forever, brief]);
      await expect(store.access.addToken(forever)).rejects.toMatchObject({ code: "Conflict" });
      await store.access.touchToken(forever.id, 50);
      await store.access.touchToken(forever.id, 40);
      await store.access.touchToken("none", 40);
      expect(await store.access.findToken(forever.hash, 1)).toEqual({ ...forever, lastUsedAt: 50 });
      expect(await store.access.revokeToken(forever.id)).toBe(true);
      expect(await store.access.revokeToken(forever.id)).toBe(false);
      expect(await store.access.findToken(forever.hash, 1)).toBeUndefined();
    });

    it("forgets what was over long ago, and nothing else", async () => {
      const { access } = given().store;
      const [old, late, ever] = [
        token("old", { expiresAt: 100 }),
        token("late", { expiresAt: 101 }),
        token("ever"),
      ];
      for (const each of [old, late, ever]) await access.addToken(each);
      await access.addLoginCode("old code", "ever", 100);
      await access.addLoginCode("late code", "ever", 101);
      expect(await access.removeExpired(100)).toBe(2);
      expect(await access.removeExpired(100)).toBe(0);
      const left = (await access.listTokens()).map(({ id }) => id);
      expect(left.filter((id) => ["old", "late", "ever"].includes(id)).sort()).toEqual(["ever", "late"]);
      expect(await access.takeLoginCode("late code", 1)).toBe("ever");
      for (const { id } of [late, ever]) await access.revokeToken(id);
    });

    it("lets exactly one be the first start", async () => {
      const { access } = given().store;
      const firsts = await Promise.all(Array.from({ length: 8 }, (_, i) => access.claimFirstStart(i)));
      expect(firsts.filter(Boolean)).toHaveLength(1);
      expect(await access.claimFirstStart(9)).toBe(false);
    });

    it("spends a sign-in code once, and none that is over", async () => {
      const { access } = given().store;
      await access.addToken(token("login"));
      await access.addLoginCode("good", "login", 100);
      await access.addLoginCode("late", "login", 100);
      const taken = await Promise.all(Array.from({ length: 6 }, () => access.takeLoginCode("good", 99)));
      expect(taken.filter((id) => id === "login")).toHaveLength(1);
      expect(await access.takeLoginCode("late", 100)).toBeUndefined();
      expect(await access.takeLoginCode("late", 1)).toBeUndefined();
      expect(await access.takeLoginCode("none", 1)).toBeUndefined();
      await expect(access.addLoginCode("x", "none", 1)).rejects.toMatchObject({ code: "NotFound" });
      await access.revokeToken("login");
    });
  });
}
