import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { tcpProxy } from "../../../test/support/tcp-proxy.ts";
import { type Clock, systemClock } from "../../clock.ts";
import type { PushSink, PushSinkLimits, PushSinkOptions } from "./push-sink.ts";
import {
  folder,
  follow,
  JOB,
  mailboxServer,
  push,
  pusher,
  said,
  scripted,
  seqs,
  spoolFiles,
  told,
  until,
  upTo,
} from "./push-trial.fixture.ts";
import { fastClock } from "./testing/fast-clock.ts";
import type { ScriptedAnswer } from "./testing/scripted-server.ts";
import { finishedFrame, logFrame, logFrames } from "./testing/test-frames.ts";

describe("a runner that pushes", () => {
  it("delivers every frame once, in order, and says so", async () => {
    const server = await mailboxServer();
    const { url, token } = await server.mailbox.open(JOB);
    const pushing = pusher(url, {}, token);
    const frames = [...logFrames(1, 20_000), finishedFrame(20_001)];
    const following = follow(server);
    await push(frames, pushing);
    expect(await pushing.finish()).toEqual({ delivered: true });
    expect(await following).toEqual(frames);
    expect(spoolFiles()).toEqual([]);
    expect(said).toEqual([]);
  });

  it("sends batches on size, the larger frame by itself, and what is left on the tick", async () => {
    const server = await scripted((_, accept) => accept());
    const pushing = pusher(server.url, { limits: { maxBatchBytes: 1_000 } });
    await push([...logFrames(1, 50), logFrame(51, "x".repeat(5_000)), logFrame(52)], pushing);
    await until(() => expect(seqs(server.taken)).toEqual(upTo(52)));
    const large = server.posts.filter(({ sizeBytes }) => sizeBytes > 1_000);
    expect(large).toMatchObject([{ first: 51, last: 51 }]);
    expect(server.posts.length).toBeLessThan(12);
  });

  it("sends what came while an answer was awaited, though nothing comes after it", async () => {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const server = await scripted(async (nth, accept) => {
      if (nth === 1) {
        asked.resolve();
        await answered.promise;
      }
      return accept();
    });
    const pushing = pusher(server.url);
    await push([logFrame(1)], pushing);
    await asked.promise;
    await push([logFrame(2)], pushing);
    answered.resolve();
    await until(() => expect(seqs(server.taken)).toEqual([1, 2]));
  });

  it("compresses what is large where that is faster, and not where it is slower", async () => {
    const text = "some text that repeats itself\n".repeat(2_000);
    const packedOf = async (msPerByte: { readonly plain: number; readonly packed: number }) => {
      const server = await scripted((_, accept) => accept());
      let shift = 0;
      const clock: Clock = { ...systemClock, monotonic: () => shift };
      const timed: PushSinkOptions["fetch"] = async (url, init) => {
        const answer = await fetch(url, init);
        const isPacked = new Headers(init.headers).has("content-encoding");
        if (init.method === "POST") shift += isPacked ? msPerByte.packed : msPerByte.plain;
        return answer;
      };
      const pushing = pusher(server.url, { fetch: timed, clock, limits: { maxBatchBytes: 50_000 } });
      await push(
        upTo(20).map((seq) => logFrame(seq, text)),
        pushing,
      );
      await pushing.finish();
      expect(seqs(server.taken)).toEqual(upTo(20));
      return server.posts.filter(({ packed }) => packed).length;
    };
    expect(await packedOf({ plain: 100, packed: 10 })).toBeGreaterThan(15);
    expect(await packedOf({ plain: 10, packed: 100 })).toBe(1);
  });
});

describe("a server that answers badly", () => {
  const bad: [string, ScriptedAnswer | "cut"][] = [
    ["500", { status: 500, body: "oh" }],
    ["503 with a time", { status: 503, headers: { "retry-after": "0.01" } }],
    ["429", { status: 429, headers: { "retry-after": "0.01" } }],
    ["404, of a proxy before it", { status: 404, body: "<html>" }],
    ["another address", { status: 307, headers: { location: "http://127.0.0.1:1/" } }],
    ["no JSON", { status: 200, body: "<html>" }],
    ["JSON that says nothing", { status: 200, body: {} }],
    ["a number that is none", { status: 200, body: { accepted: "3" } }],
    ["a frame that was never sent", { status: 200, body: { accepted: 99 } }],
    ["a gap that is none", { status: 409, body: { accepted: 0 } }],
    ["nothing: it is cut", "cut"],
  ];
  it.each(bad)("is asked again after %s", async (_, answer) => {
    const server = await scripted((nth, accept) => (nth <= 2 ? answer : accept()));
    const pushing = pusher(server.url);
    await push(logFrames(1, 5), pushing);
    expect(await pushing.finish()).toEqual({ delivered: true });
    expect(seqs(server.taken)).toEqual(upTo(5));
    expect(told).toEqual([]);
  });

  it("is given the time it asks for", async () => {
    const clock = fastClock(100);
    const times: number[] = [];
    const server = await scripted((nth, accept) => {
      times.push(clock.monotonic());
      return nth === 1 ? { status: 429, headers: { "retry-after": "20" } } : accept();
    });
    const pushing = pusher(server.url, { clock });
    await push(logFrames(1, 5), pushing);
    await pushing.finish();
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(19_500);
  });

  it("that took a batch and whose answer was lost gets it again, or less", async () => {
    let calls = 0;
    const losing: PushSinkOptions["fetch"] = async (url, init) => {
      const answer = await fetch(url, init);
      calls += init.method === "POST" ? 1 : 0;
      if (init.method === "POST" && calls % 2 === 1) throw new TypeError("the connection was cut");
      return answer;
    };
    const server = await mailboxServer();
    const { url, token } = await server.mailbox.open(JOB);
    const pushing = pusher(url, { fetch: losing, limits: { maxBatchBytes: 500 } }, token);
    const frames = [...logFrames(1, 60), finishedFrame(61)];
    await push(frames, pushing);
    await pushing.finish();
    expect(calls).toBeGreaterThan(8);
    expect(await follow(server)).toEqual(frames);
  });

  it("that has more than it said, or less than was sent, is sent the rest", async () => {
    let skip = 0;
    const server = await scripted((nth, accept, frames) => {
      if (nth !== 1) return accept();
      // It keeps only three of them.
      server.taken.push(...frames.slice(0, 3));
      skip = 3;
      return { status: 409, body: { accepted: 3 } };
    });
    const pushing = pusher(server.url);
    await push(logFrames(1, 9), pushing);
    await pushing.finish();
    expect(skip).toBe(3);
    expect(server.posts.map(({ first, last }) => [first, last])).toEqual([
      [1, 9],
      [4, 9],
    ]);
    expect(seqs(server.taken)).toEqual(upTo(9));
  });

  it("that has lost what it had is told nothing more: that cannot be mended", async () => {
    const server = await scripted((nth, accept) =>
      nth === 1 ? accept() : { status: 409, body: { accepted: 2 } },
    );
    const pushing = pusher(server.url);
    await push(logFrames(1, 5), pushing);
    await until(() => expect(server.taken).toHaveLength(5));
    await push(logFrames(6, 7), pushing);
    await until(() => expect(told).toEqual([{ type: "kill" }]));
    const end = await pushing.finish();
    expect(end).toMatchObject({ delivered: false, reason: expect.stringContaining("frame 2, and 6") });
    expect(server.posts).toHaveLength(2);
  });

  it("that takes no large batch is sent smaller ones from then on", async () => {
    const server = await scripted((_, accept, frames) => (frames.length > 3 ? { status: 413 } : accept()));
    const pushing = pusher(server.url);
    await push(logFrames(1, 64), pushing);
    await pushing.finish();
    expect(seqs(server.taken)).toEqual(upTo(64));
    const refused = server.posts.filter(({ first, last }) => last - first >= 3).length;
    expect(refused).toBeLessThan(10);
  });

  it("that refuses one frame gets what stands for it, and never a success without its outputs", async () => {
    const refused = new Set([3, 6]);
    const tries = new Map<number, number>();
    const server = await scripted((_, accept, frames) => {
      const culprit = frames.find(({ seq }) => refused.has(seq));
      if (culprit === undefined) return accept();
      if (frames.length === 1) {
        const count = (tries.get(culprit.seq) ?? 0) + 1;
        tries.set(culprit.seq, count);
        if (count === 2) return accept();
      }
      return { status: 400 };
    });
    const pushing = pusher(server.url);
    await push([...logFrames(1, 5), finishedFrame(6)], pushing);
    expect(await pushing.finish()).toEqual({ delivered: true });
    expect(seqs(server.taken)).toEqual(upTo(6));
    expect(String((server.taken[2] as { data?: Uint8Array }).data)).toContain("is missing here");
    expect(server.taken[5]).toMatchObject({ type: "job.finished", result: "failure", outputs: {} });
    expect(said).toHaveLength(2);
  });

  it("that says 401 is told nothing more, and the job is ended", async () => {
    const server = await scripted((nth, accept) => (nth === 1 ? accept() : { status: 401 }));
    const pushing = pusher(server.url);
    await push(logFrames(1, 2), pushing);
    await until(() => expect(server.taken).toHaveLength(2));
    await push(logFrames(3, 4), pushing);
    await until(() => expect(told).toEqual([{ type: "kill" }]));
    await push(logFrames(5, 1_000), pushing);
    expect(await pushing.finish()).toMatchObject({ delivered: false });
    expect(server.posts).toHaveLength(2);
    expect(told).toEqual([{ type: "kill" }]);
  });
});

describe("while the server is away", () => {
  const text = "x".repeat(10_000);
  /** A server behind a proxy that cuts it off. */
  async function distant(clock: Clock = systemClock) {
    const server = await mailboxServer(clock);
    const proxy = await tcpProxy(server.port);
    onTestFinished(() => proxy.close());
    const { token } = await server.mailbox.open(JOB);
    return { server, proxy, token, url: `http://127.0.0.1:${proxy.port}` };
  }

  it("for two minutes the job goes on, and everything arrives afterwards, in order and once", async () => {
    const clock = fastClock(60);
    const { server, proxy, token, url } = await distant(clock);
    const pushing = pusher(url, { clock }, token);
    await push(logFrames(1, 10), pushing);
    await until(async () => expect((await server.mailbox.commands(JOB, 0))?.accepted).toBe(10));
    proxy.cut();
    const cutAt = clock.monotonic();
    let seq = 10;
    while (clock.monotonic() - cutAt < 120_000) {
      for (let i = 0; i < 10; i += 1) {
        seq += 1;
        // Nothing here waits for the server.
        expect(pushing.sink(logFrame(seq, text))).toBeUndefined();
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect((await server.mailbox.commands(JOB, 0))?.accepted).toBe(10);
    proxy.resume();
    await pushing.sink(finishedFrame(seq + 1));
    expect(await pushing.finish()).toEqual({ delivered: true });
    expect(seqs(await follow(server))).toEqual(upTo(seq + 1));
    expect(said).toHaveLength(2);
    expect(said[1]).toContain("there again");
  });

  it("and comes and goes, in the middle of requests, nothing is lost and nothing comes twice", async () => {
    const { server, proxy, token, url } = await distant();
    const pushing = pusher(url, { random: () => 0, limits: { maxBatchBytes: 20_000 } }, token);
    const frames = [...upTo(400).map((seq) => logFrame(seq, `${seq}${text}`)), finishedFrame(401)];
    let cuts = 0;
    for (const frame of frames) {
      await pushing.sink(frame);
      if (frame.seq % 40 !== 0) continue;
      await once(new EventTarget(), "x", { signal: AbortSignal.timeout(5) }).catch(() => {});
      proxy.cut();
      cuts += 1;
      proxy.resume();
    }
    await pushing.finish();
    expect(cuts).toBe(10);
    expect(await follow(server)).toEqual(frames);
  });

  it("keeps little in memory and the rest on disk, which is empty again in the end", async () => {
    const limits = { maxMemoryBytes: 100_000, maxBatchBytes: 20_000, maxBehindBytes: 1e9 };
    let open = false;
    const server = await scripted((_, accept) => (open ? accept() : { status: 503 }));
    const pushing = pusher(server.url, { random: () => 0, limits });
    await push(
      upTo(200).map((seq) => logFrame(seq, text)),
      pushing,
    );
    await until(() => expect(spoolFiles()).toHaveLength(1));
    open = true;
    await push([finishedFrame(201)], pushing);
    expect(await pushing.finish()).toEqual({ delivered: true });
    expect(seqs(server.taken)).toEqual(upTo(201));
    expect(
      server.taken.slice(0, 200).every((frame) => frame.type === "log" && frame.data.length === 10_000),
    ).toBe(true);
    expect(spoolFiles()).toEqual([]);
  });

  /** How many frames the sink takes before it asks for patience. */
  async function takenBefore(pushing: PushSink, most: number): Promise<[number, Promise<void> | undefined]> {
    for (let seq = 1; seq <= most; seq += 1) {
      const taken = pushing.sink(logFrame(seq, text));
      if (taken === undefined) continue;
      const isHeld = await Promise.race([
        taken.then(() => false),
        new Promise((resolve) => setTimeout(resolve, 100, true)),
      ]);
      if (isHeld) return [seq, taken as Promise<void>];
    }
    return [most, undefined];
  }

  it("holds the job up only at the limit of the spool, says so, and goes on when there is room", async () => {
    let open = false;
    const server = await scripted((_, accept) => (open ? accept() : { status: 503 }));
    const limits = {
      maxBehindBytes: 50_000,
      maxSpoolBytes: 1_000_000,
      maxMemoryBytes: 100_000,
      maxBatchBytes: 20_000,
    };
    const pushing = pusher(server.url, { random: () => 0, limits });
    await push(logFrames(1, 1), pushing);
    await until(() => expect(server.posts.length).toBeGreaterThan(0));
    const rest: PushSink = { ...pushing, sink: (frame) => pushing.sink({ ...frame, seq: frame.seq + 1 }) };
    const [count, held] = await takenBefore(rest, 200);
    expect(count).toBeGreaterThan(95);
    expect(count).toBeLessThan(105);
    expect(said.at(-1)).toContain("held up");
    open = true;
    await held;
    await pushing.finish();
    expect(seqs(server.taken)).toEqual(upTo(count + 1));
  });

  it("holds the job up much sooner where the server is there and slow", async () => {
    const gate = Promise.withResolvers<void>();
    const server = await scripted(async (nth, accept) => {
      if (nth > 1) await gate.promise;
      return accept();
    });
    const limits: Partial<PushSinkLimits> = { maxBehindBytes: 200_000, maxBatchBytes: 20_000 };
    const pushing = pusher(server.url, { limits });
    const [count, held] = await takenBefore(pushing, 200);
    expect(count).toBeLessThan(30);
    gate.resolve();
    await held;
    await pushing.finish();
    expect(seqs(server.taken)).toEqual(upTo(count));
  });

  it("does not hold the job up for a server that has not answered for a while", async () => {
    const gate = Promise.withResolvers<void>();
    const server = await scripted(async (_, accept) => {
      await gate.promise;
      return accept();
    });
    const clock = fastClock(30);
    const limits = { maxBehindBytes: 200_000, maxBatchBytes: 20_000, answerLimitMs: 600_000 };
    const pushing = pusher(server.url, { clock, limits });
    for (let seq = 1; seq <= 100; seq += 1) await pushing.sink(logFrame(seq, text));
    expect(server.taken).toEqual([]);
    gate.resolve();
    await pushing.finish();
    expect(seqs(server.taken)).toEqual(upTo(100));
  });

  it("holds the job up when memory is used up and the disk takes nothing", async () => {
    writeFileSync(join(folder, "file"), "");
    let open = false;
    const server = await scripted((_, accept) => (open ? accept() : { status: 503 }));
    const limits = { maxMemoryBytes: 100_000, maxBatchBytes: 20_000 };
    const spoolDirectory = join(folder, "file", "spool");
    const pushing = pusher(server.url, { random: () => 0, spoolDirectory, limits });
    const [count, held] = await takenBefore(pushing, 200);
    expect(count).toBeLessThan(30);
    expect(said.join()).toContain("cannot be kept on disk");
    open = true;
    await held;
    await pushing.finish();
    expect(seqs(server.taken)).toEqual(upTo(count));
  });

  it("gives up when it stays away for too long after the job", async () => {
    const clock = fastClock(500);
    const pushing = pusher("http://127.0.0.1:1", { clock });
    await push(logFrames(1, 3), pushing);
    const startedAt = clock.monotonic();
    const end = await pushing.finish();
    expect(end).toMatchObject({ delivered: false, reason: expect.stringContaining("600 s") });
    expect(clock.monotonic() - startedAt).toBeGreaterThanOrEqual(600_000);
    expect(told).toEqual([]);
  });
});
