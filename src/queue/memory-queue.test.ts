import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { FakeClock } from "../fake-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { MemoryQueue } from "./memory-queue.ts";
import { build, CONFORMANCE_RETRY, queueConformance } from "./queue.conformance.ts";

queueConformance("MemoryQueue", async () => ({
  queue: new MemoryQueue({ clock: systemClock, logger: silentLogger, retry: CONFORMANCE_RETRY }),
  dispose: async () => {},
}));

describe("MemoryQueue", () => {
  it("waits as long as its policy says before each further try", async () => {
    const clock = new FakeClock();
    const queue = new MemoryQueue({
      clock,
      logger: silentLogger,
      retry: { maxDeliveries: 4, delaysMs: [10, 100] },
    });
    const at: number[] = [];
    await queue.consumeBuilds({ prefetch: 1 }, async () => {
      at.push(clock.now());
      throw new ExecError("Transient", "later");
    });
    await queue.publishBuild(build("a"));
    for (let passed = 0; passed < 300; passed += 10) {
      await new Promise(setImmediate);
      clock.advance(10);
    }
    expect(at).toEqual([0, 10, 110, 210]);
    expect(await queue.stats()).toMatchObject({ delayed: 0, dead: 1 });
  });

  it("leaves no timer behind when it is closed", async () => {
    const clock = new FakeClock();
    const queue = new MemoryQueue({ clock, logger: silentLogger });
    await queue.consumeBuilds({ prefetch: 1 }, (delivery) => delivery.nack("retry", "later"));
    await queue.publishBuild(build("a"));
    await new Promise(setImmediate);
    expect(clock.pending).toBe(1);
    await queue.close();
    expect(clock.pending).toBe(0);
  });
});
