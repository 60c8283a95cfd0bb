import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type PrivateRabbit, privateRabbit } from "../../test/support/rabbit.ts";
import { systemClock } from "../clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { build } from "./queue.conformance.ts";
import { RabbitQueue } from "./rabbit-queue.ts";

const POLL = { timeout: 30_000, interval: 20 };
let broker: PrivateRabbit;

beforeAll(async () => {
  broker = await privateRabbit();
}, 120_000);
afterAll(async () => {
  await broker?.dispose();
}, 60_000);

it("a broker that is killed and started again has what waited, was held or was dead, and its consumers come back", async () => {
  const queue = await RabbitQueue.open({
    url: broker.url,
    prefix: "slipway",
    clock: systemClock,
    logger: silentLogger,
    reconnectMaxMs: 200,
  });
  const seen = new Map<string, number[]>();
  let isBack = false;
  const consumer = await queue.consumeBuilds({ prefetch: 2 }, async ({ message, delivery, nack }) => {
    seen.set(message.buildId, [...(seen.get(message.buildId) ?? []), delivery]);
    if (message.buildId === "dead") return nack("dead", "no use");
    if (!isBack) await vi.waitFor(() => expect(isBack).toBe(true), POLL);
  });
  await queue.publishBuild(build("dead"));
  await vi.waitFor(async () => expect(await queue.stats()).toMatchObject({ dead: 1 }), POLL);
  for (const id of ["held", "held too", "waits", "waits too"]) await queue.publishBuild(build(id));
  await vi.waitFor(() => expect(seen.size).toBe(3), POLL);

  await broker.kill();
  await vi.waitFor(() => expect(queue.ping()).rejects.toMatchObject({ code: "Transient" }), POLL);
  await expect(queue.publishBuild(build("refused"))).rejects.toMatchObject({ code: "Transient" });
  await broker.start();
  isBack = true;

  await vi.waitFor(() => queue.publishBuild(build("after")), POLL);
  await vi.waitFor(async () => {
    expect([...seen.keys()].sort()).toEqual(
      ["after", "dead", "held", "held too", "waits", "waits too"].sort(),
    );
    expect(await queue.stats()).toEqual({ ready: 0, unsettled: 0, delayed: 0, dead: 1 });
  }, POLL);
  expect([seen.get("held"), seen.get("held too")]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(await queue.deadLetters(10)).toMatchObject([{ message: build("dead"), reason: "no use" }]);
  await consumer.stop();
  await queue.close();
}, 120_000);
