import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ExecError } from "../errors.ts";
import type { BuildDelivery, BuildMessage, QueueClient } from "./queue-client.ts";
import type { RetryPolicy } from "./retry-policy.ts";

/** What `open` must open its queue with, so that a retry is waited for and not waited out. */
export const CONFORMANCE_RETRY: RetryPolicy = { maxDeliveries: 3, delaysMs: [40, 80] };

const POLL = { timeout: 10_000, interval: 10 };

/** What every `QueueClient` does. `open` gives an empty queue with `CONFORMANCE_RETRY`; `dispose` takes away all it made. */
export function queueConformance(
  name: string,
  open: () => Promise<{ queue: QueueClient; dispose(): Promise<void> }>,
): void {
  describe(`${name} as a build queue`, () => {
    let queue: QueueClient;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ queue, dispose } = await open());
    });
    afterEach(async () => {
      await queue.close();
      await dispose();
    });

    it("delivers what was published before and after a consumer came, in order", async () => {
      await queue.publishBuild(build("a"));
      await queue.publishBuild(build("b"));
      const seen: BuildMessage[] = [];
      await queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
        seen.push(message);
      });
      await queue.publishBuild(build("c"));
      await vi.waitFor(() => expect(seen).toEqual([build("a"), build("b"), build("c")]), POLL);
    });

    it("carries nothing but the ids", async () => {
      const message = { ...build("a"), planted: "secret" };
      await queue.publishBuild(message);
      const seen = await take(queue, 1);
      expect(seen.map((delivery) => delivery.message)).toEqual([build("a")]);
    });

    it("keeps what nobody consumes", async () => {
      await queue.publishBuild(build("a"));
      await settles(queue, { ready: 1, unsettled: 0, delayed: 0, dead: 0 });
    });

    it("leaves at most prefetch unsettled, and holds no other up by a slow one", async () => {
      const gates = new Map<string, () => void>();
      const started: string[] = [];
      await queue.consumeBuilds({ prefetch: 2 }, async ({ message }) => {
        started.push(message.buildId);
        await new Promise<void>((resolve) => gates.set(message.buildId, resolve));
      });
      for (const id of ["slow", "b", "c", "d"]) await queue.publishBuild(build(id));
      await vi.waitFor(() => expect(started).toEqual(["slow", "b"]), POLL);
      await settles(queue, { ready: 2, unsettled: 2, delayed: 0, dead: 0 });
      expect(started).toEqual(["slow", "b"]);
      gates.get("b")?.();
      await vi.waitFor(() => expect(started).toEqual(["slow", "b", "c"]), POLL);
      gates.get("c")?.();
      await vi.waitFor(() => expect(started).toEqual(["slow", "b", "c", "d"]), POLL);
      gates.get("slow")?.();
      gates.get("d")?.();
      await settles(queue, { ready: 0, unsettled: 0, delayed: 0, dead: 0 });
    });

    it("gives the next one as soon as one is acked, though its handler goes on", async () => {
      const started: string[] = [];
      let end = () => {};
      const held = new Promise<void>((resolve) => {
        end = resolve;
      });
      const consumer = await queue.consumeBuilds({ prefetch: 1 }, async (delivery) => {
        started.push(delivery.message.buildId);
        await delivery.ack();
        await held;
      });
      await queue.publishBuild(build("a"));
      await queue.publishBuild(build("b"));
      await vi.waitFor(() => expect(started).toEqual(["a", "b"]), POLL);
      end();
      await consumer.stop();
    });

    it("shares the messages of several consumers, each message to one", async () => {
      const seen: string[] = [];
      const of: number[] = [0, 0];
      for (const index of [0, 1]) {
        await queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
          seen.push(message.buildId);
          of[index] = (of[index] ?? 0) + 1;
        });
      }
      const ids = Array.from({ length: 20 }, (_, index) => `build-${index}`);
      for (const id of ids) await queue.publishBuild(build(id));
      await vi.waitFor(() => expect([...seen].sort()).toEqual([...ids].sort()), POLL);
      expect(Math.min(...of)).toBeGreaterThan(0);
    });

    it.each<[string, (delivery: BuildDelivery) => Promise<void>]>([
      ["a handler that rejects with Transient", () => Promise.reject(new ExecError("Transient", "later"))],
      ["nack(retry)", (delivery) => delivery.nack("retry", "later")],
    ])("brings a message again, later each time, and then buries it: %s", async (_how, fail) => {
      const deliveries: number[] = [];
      await queue.consumeBuilds({ prefetch: 1 }, async (delivery) => {
        deliveries.push(delivery.delivery);
        await fail(delivery);
      });
      await queue.publishBuild(build("a"));
      await vi.waitFor(async () => expect((await queue.stats()).dead).toBe(1), POLL);
      expect(deliveries).toEqual([1, 2, 3]);
      const [letter, ...others] = await queue.deadLetters(10);
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ message: build("a"), reason: "later", deliveries: 3 });
    });

    it("counts a message that waits for another try as delayed, and lets others pass it", async () => {
      const seen: string[] = [];
      let delayedAtSecond: number | undefined;
      await queue.consumeBuilds({ prefetch: 1 }, async ({ message, delivery }) => {
        if (message.buildId === "a" && delivery === 1) throw new ExecError("Transient", "not now");
        if (message.buildId === "b") delayedAtSecond = (await queue.stats()).delayed;
        seen.push(`${message.buildId}${delivery}`);
      });
      await queue.publishBuild(build("a"));
      await queue.publishBuild(build("b"));
      await vi.waitFor(() => expect(seen).toEqual(["b1", "a2"]), POLL);
      expect(delayedAtSecond).toBe(1);
    });

    it.each<[string, (delivery: BuildDelivery) => Promise<void>]>([
      ["a handler that rejects with another error", () => Promise.reject(new Error("broken"))],
      ["an ExecError that is not Transient", () => Promise.reject(new ExecError("Conflict", "broken"))],
      ["nack(dead)", (delivery) => delivery.nack("dead", "broken")],
      ["a handler that throws what is no error", () => Promise.reject("broken")],
    ])("buries a message at once: %s", async (_how, fail) => {
      const before = Date.now();
      await queue.consumeBuilds({ prefetch: 1 }, fail);
      await queue.publishBuild(build("a"));
      await vi.waitFor(async () => expect((await queue.stats()).dead).toBe(1), POLL);
      const [letter] = await queue.deadLetters(10);
      expect(letter).toMatchObject({ message: build("a"), reason: "broken", deliveries: 1 });
      expect(letter?.raw).toBeUndefined();
      // Brokers keep whole seconds.
      expect(letter?.at).toBeGreaterThanOrEqual(before - 1_000);
    });

    it("takes the first word on a delivery", async () => {
      await queue.publishBuild(build("a"));
      const seen = await take(queue, 1, async (delivery) => {
        await delivery.ack();
        await delivery.nack("dead", "too late");
        throw new Error("too late as well");
      });
      expect(seen).toHaveLength(1);
      await settles(queue, { ready: 0, unsettled: 0, delayed: 0, dead: 0 });
    });

    it("goes on after a handler that failed", async () => {
      const seen: string[] = [];
      await queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
        seen.push(message.buildId);
        if (message.buildId === "a") throw new Error("broken");
      });
      await queue.publishBuild(build("a"));
      await queue.publishBuild(build("b"));
      await vi.waitFor(() => expect(seen).toEqual(["a", "b"]), POLL);
    });

    it("lists dead letters oldest first, as often as asked, and no more than asked", async () => {
      await bury(queue, ["a", "b", "c"]);
      const ids = async (limit: number) =>
        (await queue.deadLetters(limit)).map(({ message }) => message?.buildId);
      expect(await ids(10)).toEqual(["a", "b", "c"]);
      expect(await ids(2)).toEqual(["a", "b"]);
      expect(await ids(10)).toEqual(["a", "b", "c"]);
      expect((await queue.stats()).dead).toBe(3);
    });

    it("puts one dead letter back as new, or all", async () => {
      await bury(queue, ["a", "b", "c"]);
      expect(await queue.requeue("nobody")).toBe(0);
      expect(await queue.requeue("b")).toBe(1);
      expect((await take(queue, 1)).map(({ message, delivery }) => [message.buildId, delivery])).toEqual([
        ["b", 1],
      ]);
      expect((await queue.deadLetters(10)).map(({ message }) => message?.buildId)).toEqual(["a", "c"]);
      expect(await queue.requeue()).toBe(2);
      expect((await take(queue, 2)).map(({ message }) => message.buildId)).toEqual(["a", "c"]);
      expect(await queue.requeue()).toBe(0);
    });

    it("lets handlers end when a consumer stops, and gives it nothing more", async () => {
      const seen: string[] = [];
      let end = () => {};
      const consumer = await queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
        seen.push(message.buildId);
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        seen.push(`${message.buildId} ended`);
      });
      await queue.publishBuild(build("a"));
      await vi.waitFor(() => expect(seen).toEqual(["a"]), POLL);
      const stopped = consumer.stop().then(() => seen.push("stopped"));
      await queue.publishBuild(build("b"));
      await settles(queue, { ready: 1, unsettled: 1, delayed: 0, dead: 0 });
      end();
      await stopped;
      await consumer.stop();
      expect(seen).toEqual(["a", "a ended", "stopped"]);
      await settles(queue, { ready: 1, unsettled: 0, delayed: 0, dead: 0 });
      expect((await take(queue, 1)).map(({ message }) => message.buildId)).toEqual(["b"]);
    });

    it("delivers the same message as often as it was published", async () => {
      for (let count = 0; count < 10; count += 1) await queue.publishBuild(build("a"));
      expect(await take(queue, 10)).toHaveLength(10);
    });

    it("takes a thousand at once without losing one", async () => {
      const ids = Array.from({ length: 1_000 }, (_, index) => `build-${index}`);
      const seen: string[] = [];
      await queue.consumeBuilds({ prefetch: 50 }, async ({ message }) => {
        seen.push(message.buildId);
      });
      await Promise.all(ids.map((id) => queue.publishBuild(build(id))));
      await vi.waitFor(() => expect(seen).toHaveLength(1_000), POLL);
      expect(new Set(seen)).toEqual(new Set(ids));
    });

    it("answers a ping, and rejects with Transient once it is closed", async () => {
      await queue.ping();
      await queue.close();
      await queue.close();
      await expect(queue.ping()).rejects.toMatchObject({ code: "Transient" });
      await expect(queue.publishBuild(build("a"))).rejects.toMatchObject({ code: "Transient" });
      await expect(queue.consumeBuilds({ prefetch: 1 }, async () => {})).rejects.toMatchObject({
        code: "Transient",
      });
    });
  });
}

export function build(id: string): BuildMessage {
  return { buildId: id, projectId: "project" };
}

/** Takes this many deliveries off the queue. */
async function take(
  queue: QueueClient,
  count: number,
  handle: (delivery: BuildDelivery) => Promise<void> = async () => {},
): Promise<BuildDelivery[]> {
  const seen: BuildDelivery[] = [];
  const consumer = await queue.consumeBuilds({ prefetch: 1 }, async (delivery) => {
    seen.push(delivery);
    await handle(delivery);
  });
  await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(count), POLL);
  await consumer.stop();
  return seen;
}

async function bury(queue: QueueClient, ids: readonly string[]): Promise<void> {
  const consumer = await queue.consumeBuilds({ prefetch: 1 }, (delivery) => delivery.nack("dead", "buried"));
  for (const [index, id] of ids.entries()) {
    await queue.publishBuild(build(id));
    await vi.waitFor(async () => expect((await queue.stats()).dead).toBe(index + 1), POLL);
  }
  await consumer.stop();
}

async function settles(queue: QueueClient, stats: Awaited<ReturnType<QueueClient["stats"]>>): Promise<void> {
  await vi.waitFor(async () => expect(await queue.stats()).toEqual(stats), POLL);
}
