import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { TestApi, type TestRun } from "../rest/api.fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: messages of every shape.
type Message = any;

let api: TestApi;
let url: string;
let run: TestRun;
let gap: () => void;
const open = new Set<Client>();

async function begin(heartbeatMs: number): Promise<void> {
  api = await TestApi.start({ recheckMs: 20, heartbeatMs }, ({ events }) => ({
    events: {
      subscribe: (filter, listener) => events.subscribe(filter, listener),
      onGap(listener) {
        const before = gap;
        gap = () => {
          before();
          listener();
        };
        return { unsubscribe() {} };
      },
    },
  }));
  url = (await api.app.listen({ host: "127.0.0.1", port: 0 })).replace("http", "ws");
  run = await api.claim(await api.startBuild((await api.addProject()).id));
}
afterEach(async () => {
  for (const client of open) client.socket.terminate();
  open.clear();
  await api.stop();
  gap = () => {};
});
gap = () => {};

class Client {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<number>;

  constructor(
    token: string | undefined,
    options: { headers?: Record<string, string>; protocols?: string[] } = {},
  ) {
    this.socket = new WebSocket(`${url}/api/v1/live`, options.protocols ?? [], {
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...options.headers },
    });
    this.socket.on("message", (data) => this.messages.push(JSON.parse(String(data))));
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    open.add(this);
  }

  say(message: object | string): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  of(type: string, id?: string): Message[] {
    return this.messages.filter(
      (message) => message.type === type && (id === undefined || message.id === id),
    );
  }

  /** The first of these, once there is one. */
  async next(type: string, id?: string, index = 0): Promise<Message> {
    return vi.waitFor(() => {
      const message = this.of(type, id)[index];
      if (message === undefined)
        throw new Error(`no ${type} yet: ${JSON.stringify(this.messages).slice(0, 500)}`);
      return message;
    }, 3000);
  }

  static async connect(token: string | undefined = api.admin): Promise<Client> {
    const client = new Client(token);
    await client.next("hello");
    return client;
  }
}

const refused = (client: Client) =>
  new Promise<number>((resolve) => {
    client.socket.on("error", () => {});
    client.socket.once("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
  });

describe("the beat of the WebSocket", () => {
  beforeEach(() => begin(40));

  it("beats, and hears a client that is there", async () => {
    const client = await Client.connect();
    await client.next("heartbeat", undefined, 2);
    client.say({ type: "ping" });
    await client.next("pong");
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("ends a client that is silent", async () => {
    const client = await Client.connect();
    client.socket.pong = () => {};
    // A client that answers no ping: as a machine that has gone.
    (
      client.socket as unknown as { _receiver: { removeAllListeners(name: string): void } }
    )._receiver.removeAllListeners("ping");
    expect(await client.closed).toBe(4408);
  });
});

describe("the WebSocket", () => {
  beforeEach(() => begin(20_000));

  it("tells a build as it is, then what changes, numbered, until it has ended", async () => {
    const client = await Client.connect();
    client.say({ type: "subscribe", id: "a", build: run.build.id });
    expect(await client.next("snapshot", "a")).toMatchObject({
      seq: 1,
      build: { id: run.build.id, status: "running" },
    });
    const { jobId, stepId } = await run.addJob();
    const change = await client.next("change", "a");
    expect(change).toMatchObject({
      seq: 2,
      jobs: [{ id: jobId, status: "running" }],
      steps: [{ id: stepId }],
    });
    await run.endStep(stepId);
    await vi.waitFor(() => expect(client.messages.at(-1)?.steps?.[0]?.status).toBe("succeeded"));
    await run.endBuild();
    await client.next("ended", "a");
    const numbers = client.messages.filter(({ id }) => id === "a").map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.map((_seq, index) => index + 1));
    expect(client.of("change", "a").at(-1)).toMatchObject({ build: { status: "succeeded" } });
  });

  it("tells the builds of a project", async () => {
    const client = await Client.connect();
    client.say({ type: "subscribe", id: "p", project: run.build.projectId });
    expect((await client.next("snapshot", "p")).builds).toMatchObject([{ id: run.build.id }]);
    await run.endBuild("failed");
    expect(await client.next("change", "p")).toMatchObject({
      seq: 2,
      builds: [{ id: run.build.id, status: "failed" }],
    });
  });

  it("gives a fresh snapshot after a gap of the bus, and when asked", async () => {
    const client = await Client.connect();
    client.say({ type: "subscribe", id: "a", build: run.build.id });
    client.say({ type: "subscribe", id: "p", project: run.build.projectId });
    await client.next("snapshot", "p");
    await client.next("snapshot", "a");
    gap();
    expect((await client.next("snapshot", "a", 1)).seq).toBe(2);
    expect((await client.next("snapshot", "p", 1)).seq).toBe(2);
    client.say({ type: "resync", id: "a" });
    expect((await client.next("snapshot", "a", 2)).seq).toBe(3);
  });

  it("leaves out what a slow client does not take, and shows it by a gap and a fresh snapshot", async () => {
    const [client, quick] = await Promise.all([Client.connect(), Client.connect()]);
    for (const each of [client, quick]) {
      each.say({ type: "subscribe", id: "a", build: run.build.id });
      await each.next("snapshot", "a");
    }
    client.socket.pause();
    const reason = "x".repeat(900_000);
    const { jobId } = await run.addJob("big");
    let version = 0;
    // Until far more waits than sockets of any system hold.
    for (let count = 0; count < 12; count++) {
      await run.advance({ kind: "job-changed", job: jobId, at: 1, reason: reason + count });
      version = (await api.deps.store.builds.get(run.build.id)).version;
      await vi.waitFor(() => expect(quick.messages.at(-1)?.version).toBe(version), 3000);
    }
    client.socket.resume();
    await vi.waitFor(() => expect(client.of("snapshot", "a").at(-1)?.build.version).toBe(version), 5000);
    const numbers = client.messages.filter(({ id }) => id === "a").map(({ seq }) => seq);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.at(-1)).toBeGreaterThan(numbers.length);
  });

  it("is refused without a token, from another page, and at another address", async () => {
    expect(await refused(new Client(undefined))).toBe(401);
    expect(await refused(new Client("slw_wrong"))).toBe(401);
    const cookie = `slipway_session=${api.admin}`;
    expect(
      await refused(new Client(undefined, { headers: { cookie, origin: "https://evil.example" } })),
    ).toBe(403);
    expect(await refused(new Client(undefined, { headers: { cookie } }))).toBe(403);
    const own = new Client(undefined, { headers: { cookie, origin: "http://ci.example.com" } });
    await own.next("hello");
    const inProtocol = new Client(undefined, { protocols: ["slipway.v1", `bearer.${api.admin}`] });
    await inProtocol.next("hello");
    expect(inProtocol.socket.protocol).toBe("slipway.v1");
    const elsewhere = new WebSocket(`${url}/api/v1/me`, {
      headers: { authorization: `Bearer ${api.admin}` },
    });
    elsewhere.on("error", () => {});
    const [, response] = await once(elsewhere, "unexpected-response");
    // Answered as the request it would be without the wish to change the protocol.
    expect(response.statusCode).toBe(200);
  });

  it("shows nothing of what the token may not see", async () => {
    const other = await api.addProject();
    const client = await Client.connect(await api.token("other", ["project:read"], other.id));
    client.say({ type: "subscribe", id: "a", build: run.build.id });
    client.say({ type: "subscribe", id: "b", build: "nothing" });
    client.say({ type: "subscribe", id: "c", project: run.build.projectId });
    const [a, b] = [await client.next("error", "a"), await client.next("error", "b")];
    expect(a.problem).toMatchObject({ code: "NotFound", detail: b.problem.detail });
    expect((await client.next("error", "c")).problem.code).toBe("NotFound");
  });

  it("closes for a token that was revoked", async () => {
    const { token, info } = await api.deps.tokens.create({ name: "short", permissions: ["project:read"] });
    const client = await Client.connect(token);
    client.say({ type: "subscribe", id: "a", build: run.build.id });
    await client.next("snapshot", "a");
    await api.deps.tokens.revoke(info.id);
    expect(await client.closed).toBe(4401);
  });

  it("tells clients to come back when the server stops", async () => {
    const clients = await Promise.all([Client.connect(), Client.connect()]);
    const closing = api.app.close();
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([1012, 1012]);
    await closing;
  });

  it("bears mistakes, but not many", async () => {
    const client = await Client.connect();
    client.say("{");
    expect((await client.next("error")).problem.code).toBe("BadRequest");
    client.say({ type: "subscribe", id: "a" });
    client.say({ type: "subscribe", id: "a", build: run.build.id });
    await client.next("snapshot", "a");
    client.say({ type: "subscribe", id: "a", build: run.build.id });
    expect((await client.next("error", "a")).problem.code).toBe("Conflict");
    client.say({ type: "unsubscribe", id: "a" });
    client.say({ type: "resync", id: "a" });
    await vi.waitFor(() => expect(client.of("error", "a").at(-1)?.problem.code).toBe("NotFound"));
    for (let count = 0; count < 25; count++) client.say("rubbish");
    expect(await client.closed).toBe(1008);
  });

  it("reads a build once for all who watch it, and no more when the last has gone", async () => {
    let loads = 0;
    const stepsOf = api.deps.store.builds.jobs.bind(api.deps.store.builds);
    api.deps.store.builds.jobs = (id) => {
      loads += 1;
      return stepsOf(id);
    };
    const clients = await Promise.all(Array.from({ length: 30 }, () => Client.connect()));
    for (const client of clients) client.say({ type: "subscribe", id: "a", build: run.build.id });
    await Promise.all(clients.map((client) => client.next("snapshot", "a")));
    await run.addJob();
    await Promise.all(clients.map((client) => client.next("change", "a")));
    expect(loads).toBeLessThan(10);
    for (const { socket } of clients) socket.close();
    await Promise.all(clients.map(({ closed }) => closed));
    const before = loads;
    await run.addJob("later");
    // Whoever comes now sees it: everything that was to be told before has been.
    const late = await Client.connect();
    late.say({ type: "subscribe", id: "a", build: run.build.id });
    expect((await late.next("snapshot", "a")).build.jobs).toHaveLength(2);
    expect(loads - before).toBe(1);
  });
});

describe("events of a build", () => {
  beforeEach(() => begin(20_000));

  it("begin with a snapshot, go on with changes, and end with the build", async () => {
    const response = await fetch(`${url.replace("ws", "http")}/api/v1/builds/${run.build.id}/events`, {
      headers: { authorization: `Bearer ${api.admin}` },
    });
    let text = "";
    let step = 0;
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (step === 0 && text.includes("event: snapshot")) {
        step = 1;
        await run.addJob();
      }
      if (step === 1 && text.includes("event: change")) {
        step = 2;
        await run.endBuild();
      }
    }
    expect(text.match(/^event: \w+/gm)).toEqual([
      "event: snapshot",
      "event: change",
      "event: change",
      "event: end",
    ]);
  });
});
