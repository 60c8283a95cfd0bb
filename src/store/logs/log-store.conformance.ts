import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { LogRef, LogRow } from "../log-store.ts";
import { jobAdded, newJob, newStep, stepAdded, type TestStore } from "../store.fixture.ts";

export function logConformance(given: () => TestStore): void {
  /** A step of a running build. */
  async function step(
    finishedAt?: number,
  ): Promise<{ ref: LogRef; buildId: string; end(at: number): Promise<void> }> {
    const { store, running } = given();
    const { build, lease } = await running();
    const job = newJob(build.id);
    const { id } = newStep(build.id, job.id);
    await store.builds.advance(lease, [
      jobAdded(job),
      stepAdded(newStep(build.id, job.id, { id })),
      { kind: "step-changed", step: id, to: "running", at: 1 },
      ...(finishedAt === undefined
        ? []
        : [{ kind: "step-changed", step: id, to: "succeeded", at: finishedAt } as const]),
    ]);
    return {
      ref: { type: "step", id },
      buildId: build.id,
      async end(at) {
        await store.builds.advance(lease, [{ kind: "build-moved", to: "succeeded", at }]);
      },
    };
  }

  describe("logs", () => {
    it("keep any bytes in order, and read them from any byte", async () => {
      const { store } = given();
      const { ref } = await step();
      const rows = chunksOf(ref, [
        randomBytes(10),
        Uint8Array.of(0, 255, 10, 13),
        randomBytes(100_000),
        randomBytes(1),
      ]);
      await store.logs.append(rows.slice(0, 2));
      await store.logs.append(rows.slice(2));
      expect(await store.logs.read(ref, 0, 10_000_000)).toEqual(rows);
      const table: [number, number, number[]][] = [
        [0, 1, [0]],
        [0, 10, [0]],
        [0, 11, [0, 1]],
        [9, 1, [0]],
        [10, 1, [1]],
        [12, 3, [1, 2]],
        [13, 1, [1]],
        [14, 0, [2]],
        [14, 99_999, [2]],
        [14, 100_001, [2, 3]],
        [100_014, 1, [3]],
        [100_015, 1000, []],
        [999_999_999, 1000, []],
      ];
      for (const [from, most, expected] of table)
        expect(await store.logs.read(ref, from, most), `${from} ${most}`).toEqual(
          expected.map((i) => rows[i]),
        );
    });

    it("leave out a chunk whose number is there already", async () => {
      const { store } = given();
      const { ref } = await step();
      const rows = chunksOf(ref, [Buffer.from("one"), Buffer.from("two")]);
      await store.logs.append(rows.slice(0, 1));
      const [first] = rows;
      const double = first === undefined ? [] : [{ ...first, content: Buffer.from("other") }];
      await store.logs.append([...double, ...rows, ...rows]);
      await store.logs.append([]);
      expect(await store.logs.read(ref, 0, 1000)).toEqual(rows);
    });

    it("tell how far they are and where they are kept", async () => {
      const { store } = given();
      const { ref } = await step();
      expect(await store.logs.tail(ref)).toBeUndefined();
      expect(await store.logs.tail({ type: "step", id: "none" })).toBeUndefined();
      await store.logs.append([{ ref, seq: 7, startByte: 0, content: Buffer.from("hello"), at: 1 }]);
      expect(await store.logs.tail(ref)).toEqual({ seq: 7, endByte: 5, kept: "rows" });
      expect((await store.builds.step(ref.id)).log).toEqual({ kept: "rows", sizeBytes: 5 });
      await store.logs.seal(ref, { sizeBytes: 5, sha256: "aa" });
      await store.logs.seal(ref, { sizeBytes: 5, sha256: "aa" });
      expect(await store.logs.tail(ref)).toEqual({ seq: 0, endByte: 5, kept: "blob" });
      expect(await store.logs.read(ref, 0, 100)).toEqual([]);
      expect((await store.builds.step(ref.id)).log).toEqual({ kept: "blob", sizeBytes: 5, sha256: "aa" });
      await store.logs.expire(ref);
      await store.logs.expire(ref);
      expect(await store.logs.tail(ref)).toEqual({ seq: 0, endByte: 5, kept: "expired" });
      await store.logs.seal(ref, { sizeBytes: 5, sha256: "aa" });
      expect((await store.builds.step(ref.id)).log.kept).toBe("expired");
    });

    it("stay where they are kept when their step is told of again", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const job = newJob(build.id);
      const told = newStep(build.id, job.id);
      await store.builds.advance(lease, [jobAdded(job), stepAdded(told)]);
      await store.logs.seal({ type: "step", id: told.id }, { sizeBytes: 3, sha256: "bb" });
      await store.builds.advance(lease, [
        stepAdded(told),
        { kind: "step-changed", step: told.id, at: 1, name: "new", log: { kept: "rows", sizeBytes: 0 } },
      ]);
      expect(await store.builds.step(told.id)).toMatchObject({
        name: "new",
        log: { kept: "blob", sizeBytes: 3, sha256: "bb" },
      });
    });

    it("are found while their rows are there though their step has ended, oldest first", async () => {
      const { store } = given();
      const [late, early, open, empty] = [await step(200), await step(100), await step(), await step(100)];
      for (const { ref } of [late, early, open])
        await store.logs.append(chunksOf(ref, [Buffer.from("a"), Buffer.from("b")]));
      expect(await store.logs.unsealed(1000, 10)).toEqual([early.ref, late.ref]);
      expect(await store.logs.unsealed(1000, 1)).toEqual([early.ref]);
      expect(await store.logs.unsealed(200, 10)).toEqual([early.ref]);
      await store.logs.seal(early.ref, { sizeBytes: 2, sha256: "" });
      expect(await store.logs.unsealed(1000, 10)).toEqual([late.ref]);
      expect(await store.logs.tail(empty.ref)).toBeUndefined();
    });

    it("that are blobs are found by the end of their build, oldest first, until they expire", async () => {
      const { store } = given();
      const [late, early, open, rows] = [await step(30), await step(20), await step(10), await step(5)];
      await late.end(300);
      await early.end(100);
      await rows.end(100);
      for (const { ref } of [late, early, open]) await store.logs.seal(ref, { sizeBytes: 0, sha256: "" });
      const found = (...steps: (typeof late)[]) => steps.map(({ ref, buildId }) => ({ ref, buildId }));
      expect(await store.logs.sealed(301, 10)).toEqual(found(early, late));
      expect(await store.logs.sealed(301, 1)).toEqual(found(early));
      expect(await store.logs.sealed(300, 10)).toEqual(found(early));
      await store.logs.expire(early.ref);
      expect(await store.logs.sealed(301, 10)).toEqual(found(late));
    });

    it("go with their project", async () => {
      const { store } = given();
      const { ref, buildId, end } = await step(5);
      await store.logs.append(chunksOf(ref, [Buffer.from("a")]));
      await end(6);
      await store.projects.deleteProject((await store.builds.get(buildId)).projectId);
      expect(await store.logs.read(ref, 0, 10)).toEqual([]);
      await expect(store.builds.get(buildId)).rejects.toMatchObject({ code: "NotFound" });
    });
  });
}

/** Chunks one after the other, with numbers that have gaps. */
function chunksOf(ref: LogRef, contents: readonly Uint8Array[]): LogRow[] {
  let startByte = 0;
  return contents.map((content, i) => {
    const row = { ref, seq: (i + 1) * 3, startByte, content: new Uint8Array(content), at: 1_000 + i };
    startByte += content.byteLength;
    return row;
  });
}
