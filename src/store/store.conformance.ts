import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../clock.ts";
import { accessConformance } from "./access/access-store.conformance.ts";
import { advanceConformance } from "./builds/advance.conformance.ts";
import { buildConformance } from "./builds/build-store.conformance.ts";
import { claimConformance } from "./builds/claim.conformance.ts";
import { leaseConformance } from "./builds/lease.conformance.ts";
import { artifactConformance } from "./kept/artifact-store.conformance.ts";
import { requestConformance } from "./kept/request-store.conformance.ts";
import { logConformance } from "./logs/log-store.conformance.ts";
import { projectConformance } from "./projects/project-store.conformance.ts";
import { scheduleConformance } from "./projects/schedule-store.conformance.ts";
import { runnerConformance } from "./runners/runner-store.conformance.ts";
import { type TestStore, testStore } from "./store.fixture.ts";
import type { Store } from "./store.ts";
import { approvalConformance } from "./turns/approval-store.conformance.ts";
import { groupConformance } from "./turns/group-store.conformance.ts";
import { slotConformance } from "./turns/slot-store.conformance.ts";
import { webhookConformance } from "./webhooks/webhook-store.conformance.ts";

/** What every `Store` does. `open` gives an empty one; `dispose` takes away all it made. */
export function storeConformance(
  name: string,
  open: (clock: Clock) => Promise<{ store: Store; dispose(): Promise<void> }>,
): void {
  describe(`${name} as a store`, () => {
    let test: TestStore;
    let dispose: () => Promise<void>;
    beforeAll(async () => {
      test = await testStore(async (clock) => {
        const opened = await open(clock);
        dispose = opened.dispose;
        return opened.store;
      });
    });
    afterEach(() => test.clear());
    afterAll(async () => {
      await test.store.close();
      await dispose();
    });

    const given = () => test;
    for (const part of [
      projectConformance,
      scheduleConformance,
      buildConformance,
      claimConformance,
      leaseConformance,
      advanceConformance,
      logConformance,
      slotConformance,
      groupConformance,
      approvalConformance,
      artifactConformance,
      requestConformance,
      accessConformance,
      webhookConformance,
      runnerConformance,
    ])
      part(given);

    it("tells the time of its engine", async () => {
      const before = Date.now();
      const time = await test.store.ping();
      expect(Math.abs(time - before)).toBeLessThan(60_000);
    });
  });
}
