import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { otlpTracer } from "./otlp-tracer.ts";

const who = { serviceName: "slipway", serviceVersion: "0.0.0" };
const TRACE = "0199f0a0b0c07abc8def0123456789ab";

/** Nothing that a shutdown clears. */
class KeepingExporter extends InMemorySpanExporter {
  override async shutdown(): Promise<void> {}
}

describe("a tracer that sends to a collector", () => {
  it("makes a trace with the wanted id, of which jobs are spans", async () => {
    const exporter = new KeepingExporter();
    const tracer = otlpTracer({ url: "http://unused.invalid", ...who, exporter });
    const build = tracer.start("build", { at: 1000, traceId: TRACE, attributes: { "slipway.build": "b1" } });
    const job = tracer.start("job test", { at: 1100, parent: build });
    job.end(1200, { error: "exit code 1" });
    build.end(1300);
    await tracer.close();
    const [second, first] = exporter.getFinishedSpans();
    expect(first).toMatchObject({ name: "build", attributes: { "slipway.build": "b1" } });
    expect(first?.spanContext().traceId).toBe(TRACE);
    expect(second?.spanContext().traceId).toBe(TRACE);
    expect(second?.parentSpanContext?.spanId).toBe(first?.spanContext().spanId);
    expect(second?.status).toMatchObject({ message: "exit code 1" });
    expect(second?.startTime).toEqual([1, 100_000_000]);
    expect(second?.endTime).toEqual([1, 200_000_000]);
  });

  it("gives every other trace an id of its own", async () => {
    const exporter = new KeepingExporter();
    const tracer = otlpTracer({ url: "http://unused.invalid", ...who, exporter });
    tracer.start("a", { at: 0, traceId: TRACE }).end(1);
    tracer.start("b", { at: 0 }).end(1);
    await tracer.close();
    const ids = exporter.getFinishedSpans().map((span) => span.spanContext().traceId);
    expect(ids[0]).toBe(TRACE);
    expect(ids[1]).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[1]).not.toBe(TRACE);
  });

  it("takes a second end for none", async () => {
    const exporter = new KeepingExporter();
    const tracer = otlpTracer({ url: "http://unused.invalid", ...who, exporter });
    const span = tracer.start("a", { at: 0 });
    span.end(1);
    span.end(2, { error: "late" });
    await tracer.close();
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(exporter.getFinishedSpans()[0]?.status).toEqual({ code: 0 });
  });

  it("speaks OTLP over HTTP, with the service's name", async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        bodies.push(`${request.url} ${body}`);
        response.end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const tracer = otlpTracer({ url: `http://127.0.0.1:${port}/v1/traces`, ...who });
    tracer.start("build", { at: 1 }).end(2);
    await tracer.close();
    await new Promise((resolve) => server.close(resolve));
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toMatch(/^\/v1\/traces /);
    expect(bodies[0]).toContain("slipway");
  });

  it("closes where no collector answers", async () => {
    const tracer = otlpTracer({ url: "http://127.0.0.1:9/v1/traces", ...who });
    tracer.start("build", { at: 1 }).end(2);
    await expect(tracer.close()).resolves.toBeUndefined();
  });
});
