import type { SharedParts } from "./shared-parts.ts";

/** Numbers that are only known by asking, asked when the metrics are read. */
export function watchCounts({ metrics, store, queue, clock }: SharedParts): void {
  metrics.beforeText(async () => {
    const { pending, queued, running, oldestQueuedAt } = await store.builds.counts();
    metrics.set("slipway_builds", pending, { status: "pending" });
    metrics.set("slipway_builds", queued, { status: "queued" });
    metrics.set("slipway_builds", running, { status: "running" });
    const age = oldestQueuedAt === undefined ? 0 : Math.max(0, clock.now() - oldestQueuedAt);
    metrics.set("slipway_queue_oldest_seconds", age / 1000);
  });
  metrics.beforeText(async () => {
    const stats = await queue.stats();
    for (const state of ["ready", "unsettled", "delayed", "dead"] as const) {
      metrics.set("slipway_queue_messages", stats[state], { state });
    }
  });
}
