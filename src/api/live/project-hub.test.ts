import { expect, it } from "vitest";
import { MemoryEventBus } from "../../events/memory-event-bus.ts";
import { FakeClock } from "../../fake-clock.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import type { BuildSummary } from "../rest/views/build-view.ts";
import { ProjectHub } from "./project-hub.ts";

const summary = (id: string, version: number) => ({ id, version }) as BuildSummary;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("tells a watcher what changed while the first look was under way", async () => {
  const clock = new FakeClock();
  const events = new MemoryEventBus({ logger: silentLogger });
  let now = [summary("b", 1)];
  const answers: (() => void)[] = [];
  const hub = new ProjectHub({
    clock,
    events,
    // As the records were when they were asked.
    list: (_projectId) => {
      const then = now;
      return new Promise((resolve) => answers.push(() => resolve(then)));
    },
    load: async (id) => now.find((build) => build.id === id) ?? summary(id, 0),
  });
  const seen: (readonly BuildSummary[])[] = [];
  const watching = hub.watch("p", {
    snapshot: (builds) => seen.push(builds),
    change: (builds) => seen.push(builds),
    failed: (error) => {
      throw error;
    },
  });
  await expect.poll(() => answers.length).toBe(1);
  now = [summary("b", 2)];
  events.publish({
    type: "build.changed",
    buildId: "b",
    projectId: "p",
    version: 2,
    status: "running",
    changes: [],
  });
  await turn();
  clock.advance(1_000);
  await turn();
  answers[0]?.();
  const stop = await watching;
  clock.advance(1_000);
  await turn();
  answers[1]?.();
  await expect.poll(() => seen.at(-1)).toEqual([summary("b", 2)]);
  stop();
  expect([hub.size, clock.pending]).toEqual([0, 0]);
  hub.close();
});
