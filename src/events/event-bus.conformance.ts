import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EventBus, EventFilter } from "./event-bus.ts";
import type { PlatformEvent } from "./platform-event.ts";

const POLL = { timeout: 10_000, interval: 5 };

/**
 * What every `EventBus` does. `open` gives the bus of a server that listens and that of one that publishes; they may be
 * the same. `dispose` takes away all it made.
 */
export function eventBusConformance(
  name: string,
  open: () => Promise<{ bus: EventBus; publisher: EventBus; dispose(): Promise<void> }>,
): void {
  describe(`${name} as an event bus`, () => {
    let bus: EventBus;
    let publisher: EventBus;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ bus, publisher, dispose } = await open());
    });
    afterEach(async () => {
      await bus.close();
      await publisher.close();
      await dispose();
    });

    /** Events that were heard until a last one, which nobody but this asks for, has come. */
    async function heard(filter: EventFilter, publish: () => void): Promise<PlatformEvent[]> {
      const events: PlatformEvent[] = [];
      const subscription = await bus.subscribe(filter, (event) => events.push(event));
      publish();
      await flush();
      subscription.unsubscribe();
      return events;
    }

    async function flush(): Promise<void> {
      let isHere = false;
      const last = await bus.subscribe({ types: ["approval.decided"], buildId: "flush" }, () => {
        isHere = true;
      });
      publisher.publish({ type: "approval.decided", buildId: "flush", approvalId: "" });
      await vi.waitFor(() => expect(isHere).toBe(true), POLL);
      last.unsubscribe();
    }

    it.each(EVERY_EVENT)("carries $type as it is", async (event) => {
      expect(await heard({}, () => publisher.publish(event))).toContainEqual(event);
    });

    it.each<[string, EventFilter, string[]]>([
      ["everything", {}, ["changed a/p", "grown a", "changed b/p", "changed c/q", "freed q"]],
      ["a type", { types: ["log.grown"] }, ["grown a"]],
      ["types", { types: ["log.grown", "slot.freed", "log.grown"] }, ["grown a", "freed q"]],
      ["no type at all", { types: [] }, []],
      ["a build", { buildId: "a" }, ["changed a/p", "grown a"]],
      ["a project", { projectId: "q" }, ["changed c/q", "freed q"]],
      ["a type of a project", { types: ["build.changed"], projectId: "p" }, ["changed a/p", "changed b/p"]],
      ["a build of its project", { buildId: "b", projectId: "p" }, ["changed b/p"]],
      ["a build of another project", { buildId: "b", projectId: "q" }, []],
      ["a build nobody speaks of", { buildId: "z" }, []],
    ])("tells who asks for %s just that", async (_what, filter, expected) => {
      const events = await heard(filter, () => {
        publisher.publish(changed("a", "p"));
        publisher.publish(grown("a"));
        publisher.publish(changed("b", "p"));
        publisher.publish(changed("c", "q"));
        publisher.publish({ type: "slot.freed", projectId: "q" });
      });
      expect(events.filter(({ type }) => type !== "approval.decided").map(nameOf)).toEqual(expected);
    });

    it("keeps the order of one publisher, also between subscribers that ask for different things", async () => {
      const order: string[] = [];
      await bus.subscribe({ buildId: "a" }, (event) => order.push(nameOf(event)));
      await bus.subscribe({ types: ["slot.freed"] }, (event) => order.push(nameOf(event)));
      const expected: string[] = [];
      for (let version = 1; version <= 200; version += 1) {
        publisher.publish({ ...changed("a", "p"), version });
        publisher.publish({ type: "slot.freed", projectId: `p${version}` });
        expected.push("changed a/p", `freed p${version}`);
      }
      await flush();
      expect(order).toEqual(expected);
    });

    it("tells every subscriber once, however many there are", async () => {
      const counts = Array.from({ length: 300 }, () => 0);
      await Promise.all(
        counts.map((_, index) =>
          bus.subscribe(index % 2 === 0 ? { buildId: "a" } : {}, (event) => {
            if (event.type === "build.changed") counts[index] = (counts[index] ?? 0) + 1;
          }),
        ),
      );
      publisher.publish(changed("a", "p"));
      await flush();
      expect(new Set(counts)).toEqual(new Set([1]));
    });

    it("tells one function twice that is subscribed twice, and once after one of them has ended", async () => {
      let count = 0;
      const listener = () => {
        count += 1;
      };
      const first = await bus.subscribe({ buildId: "a" }, listener);
      await bus.subscribe({ buildId: "a" }, listener);
      publisher.publish(grown("a"));
      await flush();
      expect(count).toBe(2);
      first.unsubscribe();
      first.unsubscribe();
      publisher.publish(grown("a"));
      await flush();
      expect(count).toBe(3);
    });

    it("goes on telling after a listener threw, that one too", async () => {
      const seen: string[] = [];
      await bus.subscribe({ buildId: "a" }, (event) => {
        seen.push(`bad ${nameOf(event)}`);
        throw new Error("broken");
      });
      await bus.subscribe({ buildId: "a" }, (event) => seen.push(nameOf(event)));
      publisher.publish(grown("a"));
      publisher.publish(changed("a", "p"));
      await flush();
      expect(seen).toEqual(["bad grown a", "grown a", "bad changed a/p", "changed a/p"]);
    });

    it("calls no listener that was unsubscribed, by another listener either", async () => {
      const seen: string[] = [];
      const subscriptions: { unsubscribe(): void }[] = [];
      for (const name of ["first", "second"]) {
        subscriptions.push(
          await bus.subscribe({ buildId: "a" }, () => {
            seen.push(name);
            for (const subscription of subscriptions) subscription.unsubscribe();
          }),
        );
      }
      publisher.publish(grown("a"));
      publisher.publish(grown("a"));
      await flush();
      expect(seen).toEqual(["first"]);
    });

    it("does not call back while it publishes", async () => {
      const order: string[] = [];
      await bus.subscribe({ buildId: "a" }, () => order.push("heard"));
      bus.publish(grown("a"));
      order.push("published");
      await vi.waitFor(() => expect(order).toEqual(["published", "heard"]), POLL);
    });

    it("lets a listener publish and subscribe", async () => {
      const seen: string[] = [];
      await bus.subscribe({ types: ["log.grown"] }, () =>
        bus.publish({ type: "slot.freed", projectId: "p" }),
      );
      await bus.subscribe({ types: ["slot.freed"] }, (event) => seen.push(nameOf(event)));
      publisher.publish(grown("a"));
      await vi.waitFor(() => expect(seen).toEqual(["freed p"]), POLL);
    });

    it("answers a ping, and is silent once it is closed", async () => {
      await bus.ping();
      const seen: string[] = [];
      await bus.subscribe({ types: ["log.grown"] }, (event) => seen.push(nameOf(event)));
      await bus.close();
      await bus.close();
      bus.publish(grown("a"));
      await expect(bus.ping()).rejects.toMatchObject({ code: "Transient" });
      await expect(bus.subscribe({}, () => {})).rejects.toMatchObject({ code: "Transient" });
      expect(seen).toEqual([]);
    });
  });
}

export function changed(buildId: string, projectId: string): PlatformEvent & { type: "build.changed" } {
  return { type: "build.changed", buildId, projectId, version: 1, status: "running", changes: [] };
}

export function grown(buildId: string): PlatformEvent & { type: "log.grown" } {
  return { type: "log.grown", buildId, stepId: "step", endByte: 10, ended: false };
}

function nameOf(event: PlatformEvent): string {
  switch (event.type) {
    case "build.changed":
      return `changed ${event.buildId}/${event.projectId}`;
    case "log.grown":
      return `grown ${event.buildId}`;
    case "slot.freed":
      return `freed ${event.projectId}`;
    default:
      return event.type;
  }
}

const EVERY_EVENT: readonly PlatformEvent[] = [
  {
    ...changed("a", "p"),
    changes: [
      { kind: "job", id: "job", status: "running" },
      { kind: "step", id: "step", jobId: "job", status: "skipped" },
    ],
  },
  { type: "log.grown", buildId: "a", stepId: "s", endByte: 2 ** 40, ended: true },
  { type: "build.cancel", buildId: "a", reason: "Ünwanted: “now”" },
  { type: "approval.decided", buildId: "a", approvalId: "x" },
  { type: "group.changed", holders: [{ buildId: "a", holder: "job" }] },
  { type: "slot.freed", projectId: "p" },
];
