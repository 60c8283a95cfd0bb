import { describe, expect, it } from "vitest";
import { METRICS } from "./metrics.ts";
import { PromMetrics } from "./prom-metrics.ts";

describe("the metrics of /metrics", () => {
  it("names every one of the table, with its help", async () => {
    const text = await new PromMetrics({ process: false }).text();
    for (const [name, { help }] of Object.entries(METRICS)) expect(text).toContain(`# HELP ${name} ${help}`);
  });

  it("counts, sets and observes with labels", async () => {
    const metrics = new PromMetrics({ process: false });
    metrics.count("slipway_builds_total", { status: "failed" });
    metrics.count("slipway_builds_total", { status: "failed" }, 2);
    metrics.set("slipway_builds", 4, { status: "running" });
    metrics.observe("slipway_build_queue_seconds", 0.02);
    const text = await metrics.text();
    expect(text).toContain('slipway_builds_total{status="failed"} 3');
    expect(text).toContain('slipway_builds{status="running"} 4');
    expect(text).toContain('slipway_build_queue_seconds_bucket{le="0.01"} 0');
    expect(text).toContain('slipway_build_queue_seconds_bucket{le="0.025"} 1');
  });

  it("refuses a label that the table does not name", () => {
    const metrics = new PromMetrics({ process: false });
    expect(() => metrics.count("slipway_builds_total", { project: "x" })).toThrow(/label/);
  });

  it("looks at what is only known by asking, and outlives a look that fails", async () => {
    const metrics = new PromMetrics({ process: false });
    metrics.beforeText(() => Promise.reject(new Error("no database")));
    metrics.beforeText(() => metrics.set("slipway_leases", 7));
    expect(await metrics.text()).toContain("slipway_leases 7");
  });

  it("tells about the process", async () => {
    expect(await new PromMetrics().text()).toContain("process_resident_memory_bytes");
  });
});
