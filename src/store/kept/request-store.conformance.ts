import { describe, expect, it } from "vitest";
import type { TestStore } from "../store.fixture.ts";

export function requestConformance(given: () => TestStore): void {
  describe("requests with a key", () => {
    it("are worked on once and answered the same again", async () => {
      const { requests } = given().store;
      const key = { caller: "token", key: "once", fingerprint: "aa" };
      const states = await Promise.all(Array.from({ length: 8 }, () => requests.begin(key, 100, 50)));
      expect(states.filter(({ kind }) => kind === "new")).toHaveLength(1);
      expect(states.filter(({ kind }) => kind === "busy")).toHaveLength(7);
      expect(await requests.begin({ ...key, fingerprint: "bb" }, 101, 50)).toEqual({ kind: "different" });
      expect(await requests.begin({ ...key, caller: "other" }, 101, 50)).toEqual({ kind: "new" });
      const answer = { status: 201, body: '{"é":1}' };
      await requests.finish(key, answer, 150);
      expect(await requests.begin(key, 102, 50)).toEqual({ kind: "done", answer });
      await requests.forget(key);
      expect(await requests.begin(key, 102, 50)).toEqual({ kind: "done", answer });
      expect(await requests.begin(key, 150, 50)).toEqual({ kind: "new" });
    });

    it("are free again soon where whoever worked on them died, and held while somebody does", async () => {
      const { requests } = given().store;
      const key = { caller: "token", key: "left busy", fingerprint: "aa" };
      expect(await requests.begin(key, 100, 50)).toEqual({ kind: "new" });
      await requests.prolong({ ...key, fingerprint: "bb" }, 900);
      await requests.prolong(key, 200);
      expect(await requests.begin(key, 199, 50)).toEqual({ kind: "busy" });
      expect(await requests.begin(key, 200, 50)).toEqual({ kind: "new" });
      const answer = { status: 200, body: "1" };
      await requests.finish(key, answer, 1_000);
      await requests.prolong(key, 2_000);
      expect(await requests.begin(key, 999, 50)).toEqual({ kind: "done", answer });
      expect(await requests.begin(key, 1_000, 50)).toEqual({ kind: "new" });
    });

    it("may be asked again once forgotten or expired", async () => {
      const { requests } = given().store;
      const key = { caller: "token", key: "forgotten", fingerprint: "aa" };
      expect(await requests.begin(key, 1_000, 50)).toEqual({ kind: "new" });
      await requests.forget(key);
      expect(await requests.begin(key, 1_000, 50)).toEqual({ kind: "new" });
      await requests.finish(key, { status: 200, body: "" }, 1_050);
      await requests.removeExpired(1_049);
      expect(await requests.begin(key, 1_049, 50)).toMatchObject({ kind: "done" });
      expect(await requests.removeExpired(1_050)).toBeGreaterThanOrEqual(1);
      expect(await requests.removeExpired(1_050)).toBe(0);
    });
  });
}
