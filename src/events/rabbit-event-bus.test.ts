import { Connection } from "rabbitmq-client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type TestVhost, testRabbit } from "../../test/support/rabbit.ts";
import { tcpProxy } from "../../test/support/tcp-proxy.ts";
import { systemClock } from "../clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { changed, eventBusConformance, grown } from "./event-bus.conformance.ts";
import type { EventBus } from "./event-bus.ts";
import { RabbitEventBus, type RabbitEventBusOptions } from "./rabbit-event-bus.ts";

const POLL = { timeout: 15_000, interval: 20 };
let vhost: TestVhost;
let instances = 0;

beforeAll(async () => {
  vhost = await testRabbit();
}, 120_000);
afterAll(async () => {
  await vhost?.dispose();
});

function open(change: Partial<RabbitEventBusOptions> = {}): Promise<RabbitEventBus> {
  instances += 1;
  return RabbitEventBus.open({
    url: vhost.url,
    prefix: "slipway",
    instanceId: `instance-${instances}`,
    clock: systemClock,
    logger: silentLogger,
    reconnectMaxMs: 200,
    ...change,
  });
}

const prefixed = () => ({ prefix: `slipway-${instances}` });

eventBusConformance("RabbitEventBus that hears itself", async () => {
  const bus = await open(prefixed());
  return { bus, publisher: bus, dispose: async () => {} };
});

eventBusConformance("RabbitEventBus that hears another server", async () => {
  const own = prefixed();
  const [bus, publisher] = [await open(own), await open(own)];
  return { bus, publisher, dispose: async () => {} };
});

describe("RabbitEventBus", () => {
  it("hears nothing of servers with another prefix", async () => {
    const [here, there, other] = [
      await open({ prefix: "one" }),
      await open({ prefix: "one" }),
      await open({ prefix: "two" }),
    ];
    const seen: string[] = [];
    await here.subscribe({}, (event) => seen.push("buildId" in event ? event.buildId : ""));
    other.publish(grown("other"));
    await other.ping();
    there.publish(grown("here"));
    await vi.waitFor(() => expect(seen).toEqual(["here"]), POLL);
    await closeAll([here, there, other]);
  });

  it("asks the broker for what its subscribers want, once, and no longer than they want it", async () => {
    const own = prefixed();
    const [bus, publisher] = [await open(own), await open(own)];
    const reachesAnybody = async () => {
      // The broker returns what no queue wants.
      const connection = new Connection(vhost.url);
      const channel = await connection.acquire();
      await channel.confirmSelect();
      let isReturned = false;
      channel.on("basic.return", () => {
        isReturned = true;
      });
      const envelope = { exchange: `${own.prefix}.events`, routingKey: "log_grown.a.-", mandatory: true };
      await channel.basicPublish(envelope, { type: "log.grown", buildId: "a" });
      await new Promise(setImmediate);
      await channel.close();
      await connection.close();
      return !isReturned;
    };
    expect(await reachesAnybody()).toBe(false);
    const [first, second] = [
      await bus.subscribe({ buildId: "a" }, () => {}),
      await bus.subscribe({ buildId: "a" }, () => {}),
    ];
    expect(await reachesAnybody()).toBe(true);
    first.unsubscribe();
    expect(await reachesAnybody()).toBe(true);
    second.unsubscribe();
    await vi.waitFor(async () => expect(await reachesAnybody()).toBe(false), POLL);
    await closeAll([bus, publisher]);
  });

  it("leaves out a message that is no event", async () => {
    const own = prefixed();
    const [bus, publisher] = [await open(own), await open(own)];
    const seen: string[] = [];
    await bus.subscribe({}, (event) => seen.push(event.type));
    const connection = new Connection(vhost.url);
    const sender = connection.createPublisher({ confirm: true });
    for (const body of ["no JSON", { type: 7 }, [], Buffer.from("null")]) {
      await sender.send({ exchange: `${own.prefix}.events`, routingKey: "a.b.c" }, body);
    }
    await sender.close();
    await connection.close();
    publisher.publish(grown("a"));
    await vi.waitFor(() => expect(seen).toEqual(["log.grown"]), POLL);
    await closeAll([bus, publisher]);
  });
});

describe("RabbitEventBus and a broker that is away", () => {
  async function pair() {
    const url = new URL(vhost.url);
    const proxy = await tcpProxy(Number(url.port));
    url.port = `${proxy.port}`;
    const own = prefixed();
    const [bus, other] = [await open({ ...own, url: url.href, answerLimitMs: 1_000 }), await open(own)];
    const isUp = (expected: boolean) =>
      vi.waitFor(async () => {
        const up = await bus.ping().then(
          () => true,
          () => false,
        );
        expect(up).toBe(expected);
      }, POLL);
    const dispose = async () => {
      await closeAll([bus, other]);
      await proxy.close();
    };
    return { proxy, bus, other, isUp, dispose };
  }

  it("comes back with all that was asked for, also meanwhile, and says that events may be lost", async () => {
    const { proxy, bus, other, isUp, dispose } = await pair();
    const seen: string[] = [];
    let gaps = 0;
    let endedGaps = 0;
    bus.onGap(() => {
      throw new Error("a listener that fails");
    });
    bus.onGap(() => {
      gaps += 1;
    });
    bus
      .onGap(() => {
        endedGaps += 1;
      })
      .unsubscribe();
    await bus.subscribe({ buildId: "before" }, () => seen.push("before"));
    const gone = await bus.subscribe({ buildId: "gone" }, () => seen.push("gone"));
    proxy.cut();
    await isUp(false);
    gone.unsubscribe();
    await bus.subscribe({ buildId: "meanwhile" }, () => seen.push("meanwhile"));
    other.publish(changed("before", "p"));
    expect(gaps).toBe(0);
    proxy.resume();
    await vi.waitFor(() => expect(gaps).toBe(1), POLL);
    for (const id of ["gone", "before", "meanwhile"]) other.publish(changed(id, "p"));
    await vi.waitFor(() => expect(seen).toEqual(["before", "meanwhile"]), POLL);
    expect(endedGaps).toBe(0);
    await dispose();
  });

  it("still tells its own process, and tells the others of the gap when it is back", async () => {
    const { proxy, bus, other, isUp, dispose } = await pair();
    const own: string[] = [];
    const others: string[] = [];
    let gaps = 0;
    other.onGap(() => {
      gaps += 1;
    });
    await bus.subscribe({ types: ["log.grown"] }, () => own.push("own"));
    await other.subscribe({ types: ["log.grown"] }, () => others.push("other"));
    proxy.cut();
    await isUp(false);
    bus.publish(grown("a"));
    await vi.waitFor(() => expect(own).toEqual(["own"]), POLL);
    proxy.resume();
    await vi.waitFor(() => expect(gaps).toBe(1), POLL);
    expect(others).toEqual([]);
    bus.publish(grown("a"));
    await vi.waitFor(() => expect(others).toEqual(["other"]), POLL);
    expect(gaps).toBe(1);
    await dispose();
  });

  it("drops what it cannot send instead of keeping it", async () => {
    const { proxy, bus, other, dispose } = await pair();
    const seen = new Set<string>();
    let gaps = 0;
    other.onGap(() => {
      gaps += 1;
    });
    await other.subscribe({ types: ["build.cancel"] }, (event) => {
      if (event.type === "build.cancel") seen.add(event.buildId);
    });
    proxy.hold();
    const reason = "x".repeat(10_000);
    const count = 5_000;
    for (let index = 0; index < count; index += 1) {
      bus.publish({ type: "build.cancel", buildId: `b${index}`, reason });
    }
    proxy.resume();
    await vi.waitFor(() => {
      bus.publish(grown("a"));
      expect(gaps).toBeGreaterThan(0);
    }, POLL);
    expect(seen.size).toBeGreaterThan(0);
    expect(seen.size).toBeLessThan(count);
    await dispose();
  });
});

async function closeAll(buses: readonly EventBus[]): Promise<void> {
  await Promise.all(buses.map((bus) => bus.close()));
}
