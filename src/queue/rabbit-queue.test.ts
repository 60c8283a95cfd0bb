import { Connection } from "rabbitmq-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type TestVhost, testRabbit } from "../../test/support/rabbit.ts";
import { type TcpProxy, tcpProxy } from "../../test/support/tcp-proxy.ts";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { build, CONFORMANCE_RETRY, queueConformance } from "./queue.conformance.ts";
import { RabbitQueue, type RabbitQueueOptions } from "./rabbit-queue.ts";

const POLL = { timeout: 15_000, interval: 20 };
/** Of all tests of this file, each with its own prefix: a virtual host takes the broker longer than a queue. */
let vhost: TestVhost;
let prefixes = 0;

beforeAll(async () => {
  vhost = await testRabbit();
}, 120_000);
afterAll(async () => {
  await vhost?.dispose();
});

function options(url: string = vhost.url): RabbitQueueOptions {
  prefixes += 1;
  return {
    url,
    prefix: `slipway-${prefixes}`,
    clock: systemClock,
    logger: silentLogger,
    retry: CONFORMANCE_RETRY,
    reconnectMaxMs: 200,
  };
}

async function proxied(): Promise<{ proxy: TcpProxy; url: string }> {
  const url = new URL(vhost.url);
  const proxy = await tcpProxy(Number(url.port));
  url.port = `${proxy.port}`;
  return { proxy, url: url.href };
}

queueConformance("RabbitQueue", async () => ({
  queue: await RabbitQueue.open(options()),
  dispose: async () => {},
}));

describe("RabbitQueue", () => {
  it.each([
    ["is no JSON at all", "The message is not JSON.", "is no JSON at all"],
    ["42", "The message is no JSON object.", "42"],
    ["null", "The message is no JSON object.", "null"],
    ['{"projectId":"p"}', "The message names no buildId.", '{"projectId":"p"}'],
    ['{"buildId":7,"projectId":"p"}', "The message names no buildId.", '{"buildId":7,"projectId":"p"}'],
    ['{"buildId":"b"}', "The message names no projectId.", '{"buildId":"b"}'],
    ["", "The message is not JSON.", ""],
    ["x".repeat(20_000), "The message is not JSON.", "x".repeat(10_000)],
  ])("buries the poison message %j with its text, and goes on", async (text, reason, raw) => {
    const own = options();
    const queue = await RabbitQueue.open(own);
    const seen: string[] = [];
    await queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
      seen.push(message.buildId);
    });
    await publishRaw(`${own.prefix}.builds`, [text, Buffer.from(text)]);
    await queue.publishBuild(build("after"));
    await vi.waitFor(async () => {
      expect(seen).toEqual(["after"]);
      expect((await queue.stats()).dead).toBe(2);
    }, POLL);
    const letters = await queue.deadLetters(10);
    expect(letters.map((letter) => [letter.message, letter.reason, letter.raw, letter.deliveries])).toEqual([
      [undefined, reason, raw, 1],
      [undefined, reason, raw, 1],
    ]);
    // They would only come back.
    expect(await queue.requeue()).toBe(0);
    expect((await queue.stats()).dead).toBe(2);
    await queue.close();
  });

  it("keeps messages and dead letters while no server runs", async () => {
    const own = options();
    const first = await RabbitQueue.open(own);
    const consumer = await first.consumeBuilds({ prefetch: 1 }, (delivery) =>
      delivery.nack("dead", "no use"),
    );
    await first.publishBuild(build("dead"));
    await vi.waitFor(async () => expect((await first.stats()).dead).toBe(1), POLL);
    await consumer.stop();
    await first.publishBuild(build("kept"));
    await first.close();
    const second = await RabbitQueue.open(own);
    await vi.waitFor(async () => expect(await second.stats()).toMatchObject({ ready: 1, dead: 1 }), POLL);
    await second.close();
  });

  it("shares one queue between servers, each message to one, also what another left unsettled", async () => {
    const own = options();
    const { proxy, url } = await proxied();
    const [first, second] = [await RabbitQueue.open({ ...own, url }), await RabbitQueue.open(own)];
    let end = () => {};
    const held: string[] = [];
    await first.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
      held.push(message.buildId);
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    await second.publishBuild(build("a"));
    await vi.waitFor(() => expect(held).toEqual(["a"]), POLL);
    const seen: [string, number][] = [];
    await second.consumeBuilds({ prefetch: 1 }, async ({ message, delivery }) => {
      seen.push([message.buildId, delivery]);
    });
    await second.publishBuild(build("b"));
    await vi.waitFor(() => expect(seen).toEqual([["b", 1]]), POLL);
    // As if the first server had died: its connections end and nothing is settled.
    proxy.cut();
    await vi.waitFor(() => expect(seen.slice(1)).toEqual([["a", 2]]), POLL);
    end();
    await Promise.all([first.close(), second.close()]);
    await proxy.close();
  });

  it("buries what is never settled by anybody", async () => {
    const own = { ...options(), retry: { maxDeliveries: 1, delaysMs: [10] } };
    const queue = await RabbitQueue.open(own);
    await queue.publishBuild(build("a"));
    const dying = new Connection(vhost.url);
    const channel = await dying.acquire();
    await channel.basicGet(`${own.prefix}.builds`);
    await channel.close();
    await dying.close();
    const seen: string[] = [];
    await queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
      seen.push(message.buildId);
    });
    await vi.waitFor(async () => expect((await queue.stats()).dead).toBe(1), POLL);
    expect(await queue.deadLetters(1)).toMatchObject([
      { message: build("a"), deliveries: 2, reason: expect.stringContaining("delivered 1 times") },
    ]);
    expect(seen).toEqual([]);
    await queue.close();
  });

  it("makes a queue again that somebody deleted, and tells the publisher that found it gone", async () => {
    const own = options();
    const queue = await RabbitQueue.open(own);
    const seen: string[] = [];
    await queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => {
      seen.push(message.buildId);
    });
    const idle = { ...own, prefix: `${own.prefix}-idle` };
    const unconsumed = await RabbitQueue.open(idle);
    await deleteQueue(`${idle.prefix}.builds`);
    await expect(unconsumed.publishBuild(build("a"))).rejects.toMatchObject({
      code: "Transient",
      message: expect.stringContaining(`has no queue ${idle.prefix}.builds`),
    });
    await vi.waitFor(() => unconsumed.publishBuild(build("a")), POLL);
    await deleteQueue(`${own.prefix}.builds`);
    await vi.waitFor(async () => {
      await queue.publishBuild(build("b"));
      expect(seen).toContain("b");
    }, POLL);
    await Promise.all([queue.close(), unconsumed.close()]);
  });
});

describe("RabbitQueue and a broker that is away", () => {
  let proxy: TcpProxy;
  let queue: RabbitQueue;

  beforeEach(async () => {
    const through = await proxied();
    proxy = through.proxy;
    queue = await RabbitQueue.open({ ...options(through.url), confirmLimitMs: 300, answerLimitMs: 1_000 });
  });
  afterEach(async () => {
    proxy.resume();
    await queue.close();
    await proxy.close();
  });

  it("refuses to publish at once, and publishes again when the broker is back", async () => {
    await queue.publishBuild(build("a"));
    proxy.cut();
    await vi.waitFor(() => expect(queue.ping()).rejects.toMatchObject({ code: "Transient" }), POLL);
    for (const call of [() => queue.publishBuild(build("b")), () => queue.stats(), () => queue.requeue()]) {
      await expect(call()).rejects.toMatchObject({ code: "Transient", retryable: true });
    }
    proxy.resume();
    await vi.waitFor(() => queue.publishBuild(build("c")), POLL);
    const seen: string[] = [];
    await vi.waitFor(
      () => queue.consumeBuilds({ prefetch: 1 }, async ({ message }) => void seen.push(message.buildId)),
      POLL,
    );
    await vi.waitFor(() => expect(new Set(seen)).toEqual(new Set(["a", "c"])), POLL);
  });

  it("rejects where the broker says nothing, instead of waiting for it", async () => {
    proxy.hold();
    await expect(queue.publishBuild(build("a"))).rejects.toMatchObject({
      code: "Transient",
      message: expect.stringContaining("did not answer within 300 ms"),
    });
    await expect(queue.stats()).rejects.toMatchObject({ code: "Transient" });
    proxy.resume();
    await vi.waitFor(() => queue.publishBuild(build("b")), POLL);
  });

  it("brings its consumers back by itself, and loses no message that was under way", async () => {
    const seen = new Map<string, number>();
    await queue.consumeBuilds({ prefetch: 3 }, async ({ message, delivery }) => {
      seen.set(message.buildId, delivery);
      if (delivery === 1 && message.buildId !== "after") await vi.waitFor(() => expect(cut).toBe(true), POLL);
    });
    let cut = false;
    for (const id of ["a", "b", "c", "d"]) await queue.publishBuild(build(id));
    await vi.waitFor(() => expect(seen.size).toBe(3), POLL);
    proxy.cut();
    cut = true;
    await vi.waitFor(() => expect(queue.ping()).rejects.toMatchObject({ code: "Transient" }), POLL);
    proxy.resume();
    await vi.waitFor(() => queue.publishBuild(build("after")), POLL);
    await vi.waitFor(() => {
      const again = [...seen].filter(([, delivery]) => delivery === 2).map(([id]) => id);
      expect(again.sort()).toEqual(["a", "b", "c"]);
      expect(seen.has("d") && seen.has("after")).toBe(true);
    }, POLL);
    await vi.waitFor(async () => expect(await queue.stats()).toMatchObject({ ready: 0, dead: 0 }), POLL);
  });

  it("buries or retries what failed while the broker was away, once it is back", async () => {
    let away = () => {};
    const isAway = new Promise<void>((resolve) => {
      away = resolve;
    });
    const seen: [string, number][] = [];
    await queue.consumeBuilds({ prefetch: 2 }, async ({ message, delivery }) => {
      seen.push([message.buildId, delivery]);
      if (delivery === 1) await isAway;
      throw message.buildId === "dead" ? new Error("broken") : new ExecError("Transient", "later");
    });
    await queue.publishBuild(build("dead"));
    await queue.publishBuild(build("retry"));
    await vi.waitFor(() => expect(seen).toHaveLength(2), POLL);
    proxy.cut();
    away();
    await vi.waitFor(() => expect(queue.ping()).rejects.toMatchObject({ code: "Transient" }), POLL);
    proxy.resume();
    await vi.waitFor(async () => expect((await queue.stats()).dead).toBe(2), POLL);
    const letters = await queue.deadLetters(10);
    expect(letters.map(({ message, reason }) => [message?.buildId, reason]).sort()).toEqual([
      ["dead", "broken"],
      ["retry", "later"],
    ]);
  });

  it("stops a consumer and closes while the broker is away", async () => {
    const consumer = await queue.consumeBuilds({ prefetch: 1 }, async () => {});
    proxy.hold();
    await consumer.stop();
    await queue.close();
    expect(await queue.publishBuild(build("a")).catch((error) => error.code)).toBe("Transient");
  });
});

describe("what is wrong with the broker", () => {
  const at = (change: (url: URL) => void) => {
    const url = new URL(vhost.url);
    change(url);
    return url.href;
  };

  it.each<[string, () => string, string, RegExp]>([
    ["no URL", () => "127.0.0.1:5672", "Permanent", /is no URL/],
    [
      "another protocol",
      () => "http://guest:guest@127.0.0.1:15672",
      "Permanent",
      /begins with 'http:', not with 'amqp/,
    ],
    ["a bad escape", () => "amqp://a:100%@127.0.0.1/x", "Permanent", /'%' itself is written %25/],
    [
      "a wrong password",
      () => at((url) => (url.password = "wr0ng")),
      "Permanent",
      /refuses user 'guest': the name or the password is wrong/,
    ],
    ["an unknown user", () => at((url) => (url.username = "nobody")), "Permanent", /refuses user 'nobody'/],
    [
      "a missing virtual host",
      () => at((url) => (url.pathname = "/none-such")),
      "Permanent",
      /has no virtual host 'none-such'/,
    ],
    ["a port nobody listens on", () => "amqp://guest:guest@127.0.0.1:9", "Transient", /nothing listens/],
    [
      "TLS where there is none",
      () => vhost.url.replace("amqp:", "amqps:"),
      "Permanent",
      /does not speak TLS/,
    ],
    ["an unknown host", () => "amqp://guest:guest@no-such-host.invalid", "Transient", /is not known/],
  ])("is told clearly, and without the password: %s", async (_what, url, code, message) => {
    const failed: unknown = await RabbitQueue.open(options(url())).catch((error) => error);
    expect(failed).toBeInstanceOf(ExecError);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
    expect((failed as ExecError).message).not.toMatch(/wr0ng|guest:guest|100%@/);
  });

  it("is told clearly: a server of another kind", async () => {
    const { createServer } = await import("node:http");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await expect(
      RabbitQueue.open({ ...options(`amqp://guest:guest@127.0.0.1:${port}`), answerLimitMs: 2_000 }),
    ).rejects.toMatchObject({
      code: "Transient",
      message: expect.stringContaining("is it RabbitMQ's AMQP port"),
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("is told clearly: a queue of the same name with other settings", async () => {
    const own = options();
    const connection = new Connection(vhost.url);
    await connection.queueDeclare({ queue: `${own.prefix}.builds`, durable: true });
    await connection.close();
    await expect(RabbitQueue.open(own)).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("with other settings"),
    });
  });
});

async function publishRaw(queue: string, bodies: readonly (string | Buffer)[]): Promise<void> {
  const connection = new Connection(vhost.url);
  const publisher = connection.createPublisher({ confirm: true });
  for (const body of bodies) await publisher.send(queue, body);
  await publisher.close();
  await connection.close();
}

async function deleteQueue(queue: string): Promise<void> {
  const connection = new Connection(vhost.url);
  await connection.queueDelete(queue);
  await connection.close();
}
