import { describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import { type ProbesOptions, startProbes } from "./start-probes.ts";

const metrics = { contentType: "text/plain; version=0.0.4", text: async () => "slipway_leases 1\n" };
const fine = { name: "records", check: async () => {} };
const away = {
  name: "queue",
  check: async () => {
    throw new ExecError("Transient", "amqp://secret-host is away");
  },
};

async function ask(options: Partial<ProbesOptions>, path: string, method = "GET") {
  const probes = await startProbes({
    listen: { host: "127.0.0.1", port: 0 },
    readiness: [fine],
    metrics,
    ...options,
  });
  try {
    const response = await fetch(`http://127.0.0.1:${probes.port}${path}`, { method });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      body: await response.text(),
    };
  } finally {
    await probes.close();
  }
}

describe("the probes of a process without an API", () => {
  it("say that it lives, whatever is missing", async () => {
    expect(await ask({ readiness: [away] }, "/healthz")).toMatchObject({ status: 200, body: '{"ok":true}' });
  });

  it("say that it is ready when everything answers", async () => {
    const { status, body } = await ask({}, "/readyz?verbose");
    expect([status, JSON.parse(body)]).toEqual([
      200,
      { ready: true, parts: { records: { ok: true, ms: expect.any(Number) } } },
    ]);
  });

  it("say what is missing, and nothing of where it is", async () => {
    const { status, body } = await ask({ readiness: [fine, away] }, "/readyz");
    expect(status).toBe(503);
    expect(JSON.parse(body).parts).toMatchObject({
      records: { ok: true },
      queue: { ok: false, code: "Transient" },
    });
    expect(body).not.toContain("secret-host");
  });

  it("give the metrics as Prometheus reads them", async () => {
    expect(await ask({}, "/metrics")).toEqual({
      status: 200,
      type: metrics.contentType,
      body: "slipway_leases 1\n",
    });
  });

  it("have nothing else", async () => {
    expect((await ask({}, "/api/v1/projects")).status).toBe(404);
    expect((await ask({}, "/healthz", "POST")).status).toBe(405);
  });

  it("fail clearly where the port is taken", async () => {
    const first = await startProbes({ listen: { host: "127.0.0.1", port: 0 }, readiness: [], metrics });
    const again = startProbes({ listen: { host: "127.0.0.1", port: first.port }, readiness: [], metrics });
    await expect(again).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("--probes-listen"),
    });
    await first.close();
  });
});
