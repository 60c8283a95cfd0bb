import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import type { Frame } from "../../protocol/frame.ts";
import { COMMANDS_PATH, FRAMES_PATH } from "../../protocol/push-protocol.ts";
import type { JobAttemptName } from "../executor.ts";
import { MemoryMailbox } from "./memory-mailbox.ts";
import { PushHandler, type PushHandlerOptions } from "./push-handler.ts";
import { encoded, finishedFrame, logFrame, logFrames } from "./testing/test-frames.ts";

/** On a machine that has much else to do. */
const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, 15_000);

const JOB: JobAttemptName = { buildId: "b", jobKey: "j", attempt: 1 };

let clock: FakeClock;
let mailbox: MemoryMailbox;
let handler: PushHandler;
let url: string;
let token: string;

async function serve(change: Partial<PushHandlerOptions> = {}): Promise<void> {
  handler = new PushHandler({
    inbox: mailbox,
    clock,
    onUnexpected: (error) => {
      throw error;
    },
    ...change,
  });
  const server = createServer((request, response) => {
    void handler.handle(request, response).then((mine) => {
      if (!mine) response.writeHead(418).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  clock = new FakeClock();
  mailbox = new MemoryMailbox(() => url, clock);
  token = (await mailbox.open(JOB)).token;
  await serve();
});

interface Answer {
  readonly status: number;
  readonly body: { readonly accepted?: number; readonly commands?: unknown[]; readonly detail?: string };
  readonly retryAfter: string | null;
}

async function answerOf(response: Response): Promise<Answer> {
  const body = (await response.json()) as Answer["body"];
  return { status: response.status, body, retryAfter: response.headers.get("retry-after") };
}

async function post(body: Buffer | readonly Frame[], headers: Record<string, string> = {}): Promise<Answer> {
  const bytes = Buffer.isBuffer(body) ? body : encoded(body);
  const all = { authorization: `Bearer ${token}`, ...headers };
  return answerOf(await fetch(`${url}${FRAMES_PATH}`, { method: "POST", headers: all, body: bytes }));
}

async function ask(query: string, bearer = token): Promise<Answer> {
  const headers = { authorization: `Bearer ${bearer}` };
  return answerOf(await fetch(`${url}${COMMANDS_PATH}?${query}`, { headers }));
}

/** What the mailbox has, as texts of its log frames. */
async function kept(): Promise<string[]> {
  const texts: string[] = [];
  const stop = new AbortController();
  const following = mailbox.follow(
    JOB,
    0,
    (frame) => {
      texts.push(frame.type === "log" ? Buffer.from(frame.data).toString() : frame.type);
    },
    stop.signal,
  );
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await following;
  return texts;
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\n`);

describe("frames that are posted", () => {
  it("are kept in order, and acknowledged by the number of the last one", async () => {
    expect(await post(logFrames(1, 3))).toMatchObject({ status: 200, body: { accepted: 3 } });
    expect(await post([...logFrames(4, 4), finishedFrame(5)])).toMatchObject({ body: { accepted: 5 } });
    expect(await kept()).toEqual([...lines(1, 4), "job.finished"]);
  });

  it("may be compressed", async () => {
    const body = gzipSync(encoded(logFrames(1, 500)));
    expect(await post(body, { "content-encoding": "gzip" })).toMatchObject({ body: { accepted: 500 } });
    expect(await kept()).toEqual(lines(1, 500));
  });

  it("are passed over where they were accepted before, wholly or in part", async () => {
    await post(logFrames(1, 5));
    expect(await post(logFrames(1, 5))).toMatchObject({ status: 200, body: { accepted: 5 } });
    expect(await post(logFrames(2, 3))).toMatchObject({ status: 200, body: { accepted: 5 } });
    expect(await post(logFrames(3, 8))).toMatchObject({ status: 200, body: { accepted: 8 } });
    expect(await kept()).toEqual(lines(1, 8));
  });

  it("are refused with the number to go on from where some are missing before them", async () => {
    await post(logFrames(1, 2));
    expect(await post(logFrames(4, 6))).toMatchObject({ status: 409, body: { accepted: 2 } });
    expect(await kept()).toEqual(lines(1, 2));
  });

  it.each<[string, () => Buffer | Frame[], Record<string, string>?]>([
    ["nothing", () => Buffer.alloc(0)],
    ["plain text", () => Buffer.from("hello\n")],
    ["half a frame", () => encoded(logFrames(1, 2)).subarray(0, -4)],
    ["a frame without its separator", () => encoded(logFrames(1, 1)).subarray(1)],
    ["a frame nobody knows", () => Buffer.from('\x1e{"seq":1,"at":1,"type":"job.exploded"}\n')],
    ["a gap inside", () => [logFrame(1), logFrame(3)]],
    ["the same number twice", () => [logFrame(1), logFrame(1)]],
    ["more after the end of the job", () => [finishedFrame(1), logFrame(2)]],
    [
      "bytes that are not compressed as they say",
      () => encoded(logFrames(1, 1)),
      { "content-encoding": "gzip" },
    ],
    ["a compression that is not known", () => encoded(logFrames(1, 1)), { "content-encoding": "br" }],
  ])("are refused whole where the body is %s", async (_, body, headers) => {
    const answer = await post(body(), headers);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toBeTruthy();
    expect(await kept()).toEqual([]);
  });

  it("are nothing where the sender is cut off in the middle", async () => {
    const { port } = new URL(url);
    const body = encoded(logFrames(1, 100));
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      `POST ${FRAMES_PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.subarray(0, body.length - 10));
    await until(() => expect(clock.pending).toBe(1));
    socket.destroy();
    await until(() => expect(clock.pending).toBe(0));
    expect(await kept()).toEqual([]);
    expect(await post(logFrames(1, 100))).toMatchObject({ body: { accepted: 100 } });
  });

  it("are refused for their size, of a single frame, of several and of what unpacks to too much", async () => {
    const limits = { maxBatchBytes: 2_000, maxFrameBytes: 10_000 };
    await serve({ limits });
    expect((await post([logFrame(1, "x".repeat(1_500)), logFrame(2, "x".repeat(1_500))])).status).toBe(413);
    expect((await post([logFrame(1, "x".repeat(20_000))])).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeGreaterThan(limits.maxFrameBytes);
    expect((await post(bomb, { "content-encoding": "gzip" })).status).toBe(413);
    const smaller = gzipSync(Buffer.alloc(100_000));
    expect((await post(smaller, { "content-encoding": "gzip" })).status).toBe(413);
    expect(await post([logFrame(1, "x".repeat(9_000))])).toMatchObject({ status: 200 });
  });

  it("are put off while too much arrives at once", async () => {
    await serve({ limits: { maxBytesAtOnce: 1_000 } });
    expect(await post([logFrame(1, "x".repeat(5_000))])).toMatchObject({ status: 429, retryAfter: "1" });
    // What was refused no longer counts.
    for (const seq of [1, 2, 3])
      expect(await post([logFrame(seq, "x".repeat(800))])).toMatchObject({ status: 200 });
  });

  it("are put off while the mailbox is full", async () => {
    const full = { accept: async () => ({ kind: "full", acceptedSeq: 7 }) as const };
    const admit = async () => JOB;
    await serve({ inbox: Object.assign(Object.create(mailbox), full, { admit }) });
    expect(await post(logFrames(8, 9))).toMatchObject({
      status: 429,
      retryAfter: "1",
      body: { accepted: 7 },
    });
  });

  it("are dropped where the body takes for ever to come", async () => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(
      `POST ${FRAMES_PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 10\r\n\r\nabc`,
    );
    const closed = once(
      socket.on("error", () => {}),
      "close",
    );
    await until(() => expect(clock.pending).toBe(1));
    clock.advance(60_000);
    await closed;
    expect(clock.pending).toBe(0);
  });
});

describe("a runner", () => {
  it("is let in by the token of its own job alone, as long as its mailbox is open", async () => {
    const other = { ...JOB, attempt: 2 };
    const { token: others } = await mailbox.open(other);
    expect(await post(logFrames(1, 1), { authorization: "" })).toMatchObject({ status: 401 });
    expect(await post(logFrames(1, 1), { authorization: "Bearer x.y.z" })).toMatchObject({ status: 401 });
    expect(await post(logFrames(1, 1), { authorization: `Bearer ${others}` })).toMatchObject({ status: 200 });
    expect(await kept()).toEqual([]);
    await mailbox.close(JOB);
    expect(await post(logFrames(1, 1))).toMatchObject({ status: 401 });
    expect(await ask("after=0&wait=0")).toMatchObject({ status: 401 });
  });

  it("finds nothing at other addresses", async () => {
    for (const [method, path] of [
      ["GET", FRAMES_PATH],
      ["POST", COMMANDS_PATH],
      ["GET", "/runner/v1"],
    ])
      expect((await fetch(`${url}${path}`, { method: method ?? "" })).status).toBe(418);
  });

  it("was last heard of when it posted or asked", async () => {
    expect(await mailbox.lastHeard(JOB)).toBeUndefined();
    clock.advance(5);
    await post(logFrames(1, 1));
    expect(await mailbox.lastHeard(JOB)).toBe(5);
    clock.advance(5);
    await ask("after=0&wait=0");
    expect(await mailbox.lastHeard(JOB)).toBe(10);
  });
});

describe("commands that are asked for", () => {
  const waiting = (count = 1) => until(() => expect(handler.waiting).toBe(count));

  it("are given at once where there are some, only those after the number", async () => {
    await mailbox.send(JOB, { type: "cancel", reason: "enough" });
    await mailbox.send(JOB, { type: "cancel", reason: "again" });
    await mailbox.send(JOB, { type: "kill" });
    const [cancel, kill] = [
      { number: 1, command: { type: "cancel", reason: "enough" } },
      { number: 2, command: { type: "kill" } },
    ];
    expect((await ask("after=0&wait=30")).body).toEqual({ commands: [cancel, kill], accepted: 0 });
    expect((await ask("after=1&wait=30")).body.commands).toEqual([kill]);
    expect((await ask("after=2&wait=0")).body.commands).toEqual([]);
  });

  it("are given as soon as they are there, and not those of another job", async () => {
    const other = { ...JOB, jobKey: "other" };
    await mailbox.open(other);
    await post(logFrames(1, 2));
    const asked = ask("after=0&wait=30");
    await waiting();
    await mailbox.send(other, { type: "kill" });
    await mailbox.send(JOB, { type: "cancel", reason: "r" });
    expect((await asked).body).toEqual({
      commands: [{ number: 1, command: { type: "cancel", reason: "r" } }],
      accepted: 2,
    });
    expect(clock.pending).toBe(0);
  });

  it("are none when the time is over, which has a limit of its own", async () => {
    const asked = ask("after=0&wait=99999");
    await waiting();
    clock.advance(59_999);
    expect(handler.waiting).toBe(1);
    clock.advance(1);
    expect((await asked).body.commands).toEqual([]);
    expect(handler.waiting).toBe(0);
  });

  it("are waited for by one request a job: a later one takes the place of the earlier", async () => {
    const first = ask("after=0&wait=30");
    await waiting();
    const second = ask("after=0&wait=30");
    expect((await first).body.commands).toEqual([]);
    await waiting();
    await mailbox.send(JOB, { type: "kill" });
    expect((await second).body.commands).toHaveLength(1);
  });

  it("are waited for no longer when nobody asks any more, the mailbox is closed, or the server stops", async () => {
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${token}` };
    const left = fetch(`${url}${COMMANDS_PATH}?wait=30`, { headers, signal: gone.signal });
    await waiting();
    gone.abort();
    await expect(left).rejects.toThrow();
    await waiting(0);
    const closing = ask("wait=30");
    await waiting();
    await mailbox.close(JOB);
    expect((await closing).status).toBe(401);
    token = (await mailbox.open(JOB)).token;
    const stopping = ask("wait=30");
    await waiting();
    handler.close();
    expect((await stopping).body.commands).toEqual([]);
    expect((await ask("wait=30")).body.commands).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("are refused for numbers that are none", async () => {
    for (const query of ["after=-1", "after=x", "wait=1.5"]) expect((await ask(query)).status).toBe(400);
  });
});
