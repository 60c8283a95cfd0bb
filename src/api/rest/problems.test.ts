import { connect } from "node:net";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import type { LogFields } from "../../telemetry/logger.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { TestApi } from "./api.fixture.ts";

let api: TestApi;
let failWith: unknown;
const logged: LogFields[] = [];
beforeAll(async () => {
  const logger = { ...silentLogger, error: (fields: LogFields) => logged.push(fields) };
  api = await TestApi.start({ maxBodyBytes: 2000, bodyTimeoutMs: 50 }, ({ queue }) => ({
    logger,
    queue: Object.assign(Object.create(queue), {
      stats: () => Promise.reject(failWith),
    }),
    readiness: [
      { name: "records", check: async () => {} },
      { name: "queue", check: () => Promise.reject(failWith) },
    ],
    mounts: [
      {
        prefix: "/git",
        async handle(request, response) {
          if (request.url === "/git/none") return false;
          let size = 0;
          for await (const chunk of request) size += chunk.length;
          response
            .writeHead(200, { "content-type": "text/plain" })
            .end(`${request.method} ${request.url} ${size}`);
          return true;
        },
      },
    ],
  }));
});
afterAll(() => api.stop());

const STATUSES: readonly (readonly [ExecErrorCode, number])[] = [
  ["InvalidSpec", 422],
  ["NotFound", 404],
  ["Conflict", 409],
  ["Transient", 503],
  ["Timeout", 504],
  ["Cancelled", 408],
  ["Permanent", 500],
  ["Unauthorized", 401],
  ["Forbidden", 403],
  ["QuotaExceeded", 507],
];

describe("problems", () => {
  it.each(STATUSES)("say %s as %i", async (code, status) => {
    failWith = new ExecError(code, "words for people");
    const answer = await api.call("GET", "/queue", undefined, { headers: { "x-request-id": "mine-1" } });
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(answer.headers["x-request-id"]).toBe("mine-1");
    expect(answer.headers["retry-after"]).toBe(status === 503 ? "2" : undefined);
    expect(answer.headers["www-authenticate"]).toBe(status === 401 ? 'Bearer realm="slipway"' : undefined);
    expect(answer.json()).toMatchObject({
      code,
      status,
      detail: "words for people",
      instance: "/api/v1/queue",
      requestId: "mine-1",
    });
  });

  it("pass on how long to wait", async () => {
    failWith = new ExecError("Transient", "later", { retryAfterMs: 7_100 });
    expect((await api.call("GET", "/queue")).headers["retry-after"]).toBe("8");
  });

  it("tell nothing of what is not ours but where the log has it", async () => {
    failWith = new Error("password=hunter2");
    const answer = await api.call("GET", "/queue", undefined, { headers: { "x-request-id": "mine-2" } });
    expect([answer.status, answer.json().code]).toEqual([500, "Internal"]);
    expect(answer.text).not.toContain("hunter2");
    expect(logged.at(-1)).toMatchObject({ requestId: "mine-2", error: expect.stringContaining("hunter2") });
  });

  it("take no request id that could forge a line of a log", async () => {
    const { headers } = await api.call("GET", "/me", undefined, { headers: { "x-request-id": "a b\tc" } });
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  const json = { "content-type": "application/json" };
  const BAD: readonly (readonly [string, InjectOptions, number, string])[] = [
    ["bad JSON", { method: "POST", url: "/api/v1/projects", headers: json, payload: "{" }, 400, "BadRequest"],
    [
      "a poisoned prototype",
      { method: "POST", url: "/api/v1/projects", headers: json, payload: '{"__proto__":{"a":1}}' },
      400,
      "BadRequest",
    ],
    ["no body", { method: "POST", url: "/api/v1/projects", headers: json, payload: "" }, 422, "InvalidSpec"],
    [
      "a body that is too large",
      { method: "POST", url: "/api/v1/projects", headers: json, payload: `"${"x".repeat(3000)}"` },
      413,
      "PayloadTooLarge",
    ],
    [
      "another media type",
      { method: "POST", url: "/api/v1/projects", headers: { "content-type": "text/plain" }, payload: "x" },
      415,
      "UnsupportedMediaType",
    ],
    ["an unknown route", { method: "GET", url: "/api/v1/nothing" }, 404, "NotFound"],
    ["a wrong method", { method: "PUT", url: "/api/v1/projects" }, 405, "MethodNotAllowed"],
    [
      "a preflight of another origin",
      { method: "OPTIONS", url: "/api/v1/projects" },
      405,
      "MethodNotAllowed",
    ],
    ["a badly encoded path", { method: "GET", url: "/api/v1/projects/%zz" }, 400, "BadRequest"],
    [
      "a path that is too long",
      { method: "GET", url: `/api/v1/projects/${"x".repeat(2000)}` },
      414,
      "UriTooLong",
    ],
    ["WebSocket's address without WebSocket", { method: "GET", url: "/api/v1/live" }, 426, "UpgradeRequired"],
  ];
  it.each(BAD)("answer %s", async (_name, request, status, code) => {
    const authorization = `Bearer ${api.admin}`;
    const response = await api.app.inject({ ...request, headers: { authorization, ...request.headers } });
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
    expect(response.headers["content-type"]).toMatch("application/problem+json");
    if (status === 405) expect(response.headers.allow).toBe("GET, HEAD, POST");
    expect(response.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("answer a body that does not come in time", async () => {
    const address = await api.app.listen({ host: "127.0.0.1", port: 0 });
    const socket = connect(Number(new URL(address).port), "127.0.0.1");
    socket.write(
      `POST /api/v1/projects HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.admin}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{`,
    );
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"code":"RequestTimeout"');
  });

  it("name the part that is not ready, and no more of it", async () => {
    failWith = new ExecError("Transient", "amqp://user:pass@host refused");
    const {
      status,
      headers,
      text,
      json: body,
    } = await api.call("GET", "//readyz", undefined, { token: null });
    expect([status, headers["retry-after"]]).toEqual([503, "2"]);
    expect(body()).toMatchObject({
      ready: false,
      parts: { records: { ok: true }, queue: { ok: false, code: "Transient" } },
    });
    expect(text).not.toContain("amqp");
  });
});

describe("what shares the port", () => {
  it("gets its requests whole, whatever their type and size", async () => {
    const payload = Buffer.alloc(100_000);
    const headers = { "content-type": "application/x-git-upload-pack-request" };
    const answer = await api.app.inject({ method: "POST", url: "/git/a/b.git/x?y=1", headers, payload });
    expect(answer.payload).toBe("POST /git/a/b.git/x?y=1 100000");
    expect(answer.headers["x-request-id"]).toBeDefined();
  });
  it("may say that an address is none of its", async () => {
    expect((await api.app.inject({ method: "GET", url: "/git/none" })).statusCode).toBe(404);
  });
});
