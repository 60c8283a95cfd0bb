import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { BuildLease } from "../build-record.ts";
import type { NewBatch, RunnerName } from "../runner-store.ts";
import { jobAdded, newJob, type TestStore } from "../store.fixture.ts";

const ROOM = 1_000_000;

export function runnerConformance(given: () => TestStore): void {
  interface Opened {
    readonly runner: RunnerName;
    readonly lease: BuildLease;
    /** Of the job's record. */
    readonly jobId: string;
  }

  /** The mailbox of a job that runs. */
  async function opened(): Promise<Opened> {
    const { store, running } = given();
    const { build, lease } = await running();
    const job = newJob(build.id);
    await store.builds.advance(lease, [
      jobAdded(job),
      { kind: "job-changed", job: job.id, to: "running", at: 1 },
    ]);
    const runner = { buildId: build.id, jobKey: job.key, attempt: job.attempt };
    await store.runners.open(runner, 1);
    return { runner, lease, jobId: job.id };
  }

  const accept = (runner: RunnerName, of: NewBatch, room = ROOM) =>
    given().store.runners.accept(runner, of, 5, room);
  const numbersOf = async (runner: RunnerName, afterSeq = 0, limit = 100) =>
    (await given().store.runners.read(runner, afterSeq, limit)).map(({ firstSeq, lastSeq }) => [
      firstSeq,
      lastSeq,
    ]);

  describe("mailboxes of runners", () => {
    it("keep batches that follow each other, as they are, and give them again", async () => {
      const { store } = given();
      const { runner } = await opened();
      const first = batch(1, 3, { content: Uint8Array.of(0, 255, 10) });
      const second = batch(4, 4, { gzip: true, content: randomBytes(70_000) });
      expect(await accept(runner, first)).toEqual({ kind: "accepted", acceptedSeq: 3, endByte: 3 });
      expect(await accept(runner, second)).toEqual({ kind: "accepted", acceptedSeq: 4, endByte: 70_003 });
      const kept = await store.runners.read(runner, 0, 10);
      expect(kept).toEqual([
        { ...first, endByte: 3 },
        { ...second, content: new Uint8Array(second.content), endByte: 70_003 },
      ]);
      expect(await store.runners.read(runner, 0, 10)).toEqual(kept);
      expect(await numbersOf(runner, 0, 1)).toEqual([[1, 3]]);
      expect(await numbersOf(runner, 2)).toEqual([
        [1, 3],
        [4, 4],
      ]);
      expect(await numbersOf(runner, 3)).toEqual([[4, 4]]);
      expect(await numbersOf(runner, 4)).toEqual([]);
    });

    it("refuse what comes again, in part or whole, and what leaves a gap, and say how far they are", async () => {
      const { runner } = await opened();
      await accept(runner, batch(1, 5));
      for (const [first, last] of [
        [1, 5],
        [4, 9],
        [7, 9],
        [1, 9],
      ] as const)
        expect(await accept(runner, batch(first, last))).toEqual({ kind: "refused", acceptedSeq: 5 });
      expect(await numbersOf(runner)).toEqual([[1, 5]]);
    });

    it("take one of several batches that come at once with the same numbers", async () => {
      const { runner } = await opened();
      const sizes = [3, 5, 2, 4, 6, 1, 8, 7];
      const answers = await Promise.all(sizes.map((last) => accept(runner, batch(1, last))));
      const taken = answers.filter(({ kind }) => kind === "accepted");
      expect(taken).toHaveLength(1);
      expect(answers.filter(({ kind }) => kind === "refused")).toHaveLength(sizes.length - 1);
      const [won] = taken;
      expect(await numbersOf(runner)).toEqual([[1, won?.kind === "accepted" ? won.acceptedSeq : 0]]);
    });

    it("take none while too much is unread, and more once it is read", async () => {
      const { store } = given();
      const { runner } = await opened();
      const content = randomBytes(600);
      await accept(runner, batch(1, 1, { content }), 1_000);
      await accept(runner, batch(2, 2, { content }), 1_000);
      expect(await accept(runner, batch(3, 3, { content }), 1_000)).toEqual({
        kind: "full",
        acceptedSeq: 2,
      });
      await store.runners.noteRead(runner, 600);
      // Whoever begins again from an earlier one does not make it fuller.
      await store.runners.noteRead(runner, 100);
      expect(await accept(runner, batch(3, 3, { content }), 1_000)).toMatchObject({ kind: "accepted" });
      expect(await numbersOf(runner)).toHaveLength(3);
    });

    it("let go of batches that the records say are dealt with, and of nothing else", async () => {
      const { store } = given();
      const { runner, lease, jobId } = await opened();
      for (const seq of [1, 3, 5]) await accept(runner, batch(seq, seq + 1));
      await accept(runner, batch(7, 8, { final: true }));
      await store.runners.noteRead(runner, 1_000);
      expect(await numbersOf(runner)).toHaveLength(4);
      const dealtWith = (frameSeq: number) =>
        store.builds.advance(lease, [{ kind: "job-changed", job: jobId, at: 2, frameSeq }]);
      await dealtWith(3);
      await store.runners.noteRead(runner, 1_000);
      expect(await numbersOf(runner)).toEqual([
        [3, 4],
        [5, 6],
        [7, 8],
      ]);
      await dealtWith(8);
      await store.runners.noteRead(runner, 1_000);
      expect(await numbersOf(runner)).toEqual([[7, 8]]);
      // Its end is told again to whoever asks, however far that one is.
      expect(await numbersOf(runner, 8)).toEqual([[7, 8]]);
    });

    it("number commands from 1, each once, and note when they were asked for", async () => {
      const { store } = given();
      const { runner } = await opened();
      const other = await opened();
      expect(await store.runners.states([runner])).toEqual([{ ...runner, acceptedSeq: 0 }]);
      await Promise.all(
        ["a", "b", "a", "c"].map((once) => store.runners.send(runner, { once, json: `"${once}"` })),
      );
      await store.runners.send(runner, { once: "a", json: '"other"' });
      const all = await store.runners.commands(runner, 0, 7);
      expect(all?.commands.map(({ number }) => number)).toEqual([1, 2, 3]);
      expect(all?.commands.map(({ json }) => json).sort()).toEqual(['"a"', '"b"', '"c"']);
      expect((await store.runners.commands(runner, 2, 8))?.commands).toEqual([all?.commands[2]]);
      expect(await store.runners.commands(runner, 3, 9)).toEqual({ acceptedSeq: 0, commands: [] });
      expect(await store.runners.commands(other.runner, 0, 9)).toEqual({ acceptedSeq: 0, commands: [] });
      expect(await store.runners.states([runner])).toEqual([{ ...runner, acceptedSeq: 0, heardAt: 9 }]);
    });

    it("are opened once, closed for good, and then take and give nothing", async () => {
      const { store } = given();
      const { runner } = await opened();
      await accept(runner, batch(1, 2));
      await store.runners.open(runner, 2);
      expect(await numbersOf(runner)).toEqual([[1, 2]]);
      await store.runners.send(runner, { once: "cancel", json: "{}" });
      await store.runners.close(runner);
      await store.runners.close(runner);
      expect(await accept(runner, batch(3, 4))).toEqual({ kind: "closed" });
      expect(await numbersOf(runner)).toEqual([]);
      expect(await store.runners.commands(runner, 0, 1)).toBeUndefined();
      expect(await store.runners.states([runner])).toEqual([]);
      await store.runners.noteRead(runner, 5);
      await expect(store.runners.send(runner, { once: "kill", json: "{}" })).rejects.toMatchObject({
        code: "NotFound",
      });
      await expect(store.runners.open({ ...runner, buildId: "none" }, 1)).rejects.toMatchObject({
        code: "NotFound",
      });
    });

    it("are apart for each attempt, and tell their states by name", async () => {
      const { store } = given();
      const { runner } = await opened();
      const second = { ...runner, attempt: 2 };
      await store.runners.open(second, 1);
      await accept(runner, batch(1, 9));
      expect(await accept(second, batch(1, 2))).toMatchObject({ kind: "accepted" });
      expect(await store.runners.states([second, { ...runner, jobKey: "none" }])).toEqual([
        { ...second, acceptedSeq: 2, heardAt: 5 },
      ]);
      expect(await store.runners.states([])).toEqual([]);
    });

    it("go with what they belong to: a job that ended long ago, an attempt nobody knows, a project", async () => {
      const { store } = given();
      const [live, ended] = [await opened(), await opened()];
      await store.builds.advance(ended.lease, [
        { kind: "job-changed", job: ended.jobId, to: "succeeded", at: 100 },
      ]);
      const unknown = { ...live.runner, attempt: 9 };
      await store.runners.open(unknown, 1);
      await accept(ended.runner, batch(1, 2));
      const left = () => store.runners.states([live.runner, ended.runner, unknown]);
      expect(await store.runners.sweep(1)).toBe(0);
      expect(await store.runners.sweep(100)).toBe(1);
      expect(await left()).toHaveLength(2);
      expect(await store.runners.sweep(101)).toBe(1);
      expect(await left()).toEqual([{ ...live.runner, acceptedSeq: 0 }]);
      await accept(live.runner, batch(1, 2));
      await given().clear();
      expect(await left()).toEqual([]);
    });
  });
}

function batch(firstSeq: number, lastSeq: number, change: Partial<NewBatch> = {}): NewBatch {
  return { firstSeq, lastSeq, final: false, gzip: false, content: Uint8Array.of(1), ...change };
}
