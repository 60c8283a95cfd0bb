import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../clock.ts";
import { FakeClock } from "../fake-clock.ts";
import { type JsonPost, postJson } from "./post-json.ts";
import { openReceiver, type Receiver } from "./receiver.fixture.ts";

describe("posting JSON", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await openReceiver();
  });
  afterEach(() => receiver.close());

  const post = (change: Partial<JsonPost> = {}): JsonPost => ({
    url: new URL(receiver.url),
    headers: { "x-own": "1" },
    body: '{"text":"ü"}',
    timeoutMs: 5_000,
    allowPrivate: true,
    ...change,
  });

  it("sends the body as it is, with its headers", async () => {
    expect(await postJson(post(), systemClock)).toEqual({ status: 200, retryAfter: undefined, text: "ok" });
    expect(receiver.received).toMatchObject([
      {
        method: "POST",
        path: "/hook",
        body: '{"text":"ü"}',
        headers: { "x-own": "1", "content-type": "application/json", "content-length": "13" },
      },
    ]);
  });

  it("follows no redirect", async () => {
    receiver.answer = (response) => response.writeHead(302, { location: "/elsewhere" }).end();
    expect(await postJson(post(), systemClock)).toMatchObject({ status: 302 });
    expect(receiver.received.map(({ path }) => path)).toEqual(["/hook"]);
  });

  it("reads no more than the beginning of an answer that never ends", async () => {
    let isClosed = false;
    receiver.answer = (response) => {
      response.on("close", () => {
        isClosed = true;
      });
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(10_000)));
        response.once("drain", more);
      };
      more();
    };
    const answer = await postJson(post(), systemClock);
    expect(answer.status).toBe(200);
    expect(answer.text).toHaveLength(16 * 1024);
    await vi.waitFor(() => expect(isClosed).toBe(true));
  });

  it("gives up when its time is over", async () => {
    const clock = new FakeClock();
    receiver.answer = () => {};
    const answer = postJson(post({ timeoutMs: 700 }), clock);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    clock.advance(700);
    await expect(answer).rejects.toMatchObject({
      code: "Timeout",
      message: "There was no answer within 700 ms.",
    });
  });

  it("takes the status of an answer whose body does not end in time", async () => {
    receiver.answer = (response) => response.writeHead(503, { "retry-after": "7" }).write("busy");
    const answer = await postJson(post({ timeoutMs: 1_000 }), systemClock);
    expect(answer).toEqual({ status: 503, retryAfter: "7", text: "busy" });
  });

  it.each([
    ["ends the connection", () => receiver.url, /ended the connection without an answer/],
    ["is not there", () => "http://127.0.0.1:9/", /Nothing listens at 127.0.0.1:9/],
    ["has no address", () => "http://no-such-host.invalid/", /no-such-host.invalid/],
    ["speaks no TLS", () => receiver.url.replace("http:", "https:"), /./],
  ])("rejects with Transient where the receiver %s", async (_what, url, message) => {
    receiver.answer = (response) => response.destroy();
    await expect(postJson(post({ url: new URL(url()) }), systemClock)).rejects.toMatchObject({
      code: "Transient",
      message: expect.stringMatching(message),
    });
  });

  it("rejects where the receiver speaks no HTTP", async () => {
    const server = createServer((socket) => socket.resume().end("SSH-2.0-OpenSSH\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const url = new URL(`http://127.0.0.1:${port}`);
    await expect(postJson(post({ url }), systemClock)).rejects.toMatchObject({ code: "Transient" });
    await new Promise((resolve) => server.close(resolve));
  });

  it("calls no name that stands for a private address, unless that is allowed", async () => {
    const url = new URL(`http://localhost:${receiver.port}/hook`);
    await expect(postJson(post({ url, allowPrivate: false }), systemClock)).rejects.toMatchObject({
      message: expect.stringContaining("Webhooks may not call localhost"),
    });
    expect(receiver.received).toEqual([]);
    expect(await postJson(post({ url, allowPrivate: true }), systemClock)).toMatchObject({ status: 200 });
  });
});
