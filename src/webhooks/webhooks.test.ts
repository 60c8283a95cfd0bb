import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EventBus } from "../events/event-bus.ts";
import { MemoryEventBus } from "../events/memory-event-bus.ts";
import { newId } from "../new-id.ts";
import type { BuildRecord, BuildStatus } from "../store/build-record.ts";
import { openStore } from "../store/open-store.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import { CLAIM, type TestStore, testStore } from "../store/store.fixture.ts";
import type { DeliveryRecord, WebhookRecord } from "../store/webhook-store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { noMetrics } from "../telemetry/metrics.ts";
import { openReceiver, type Receiver } from "./receiver.fixture.ts";
import { signPayload } from "./sign-payload.ts";
import type { WebhookParts } from "./webhook-parts.ts";
import { Webhooks } from "./webhooks.ts";

const KEY = "a signing key";
const POLL = { timeout: 10_000, interval: 5 };

describe("outgoing webhooks", () => {
  let records: TestStore;
  let events: EventBus;
  let receiver: Receiver;
  let project: ProjectRecord;
  let pipelineId: string;
  const started: Webhooks[] = [];

  beforeEach(async () => {
    records = await testStore((clock) =>
      openStore({ kind: "sqlite", file: ":memory:" }, { clock, logger: silentLogger }),
    );
    events = new MemoryEventBus({ logger: silentLogger });
    receiver = await openReceiver();
    project = await records.project({ name: "team/demo" });
    const now = records.clock.now();
    pipelineId = newId(now);
    await records.store.projects.createPipeline({
      id: pipelineId,
      projectId: project.id,
      name: "CI",
      path: ".workflows/ci.yml",
      enabled: true,
      createdAt: now,
      updatedAt: now,
    });
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((webhooks) => webhooks.stop()));
    await receiver.close();
    await records.store.close();
  });

  function parts(change: Partial<WebhookParts> = {}): WebhookParts {
    return {
      store: records.store,
      events,
      vault: sealing,
      clock: records.clock,
      logger: silentLogger,
      metrics: noMetrics,
      random: () => 0.5,
      publicUrl: "https://ci.example.org",
      allowPrivate: true,
      backoff: { maxAttempts: 3, delaysMs: [10_000, 60_000] },
      ...change,
    };
  }

  async function start(change: Partial<WebhookParts> = {}): Promise<Webhooks> {
    const webhooks = new Webhooks(parts(change));
    started.push(webhooks);
    await webhooks.start();
    return webhooks;
  }

  async function add(change: Partial<WebhookRecord> = {}): Promise<WebhookRecord> {
    const id = newId(records.clock.now());
    const webhook: WebhookRecord = {
      id,
      projectId: project.id,
      url: receiver.url,
      events: ["*"],
      secret: sealing.seal(KEY, `webhook ${id}`),
      enabled: true,
      createdAt: records.clock.now(),
      ...change,
    };
    await records.store.webhooks.putWebhook(webhook);
    return webhook;
  }

  /** Moves a build through its states and says so, a second apart. */
  async function run(
    end: "succeeded" | "failed" | "cancelled",
    say = true,
    publish = true,
  ): Promise<BuildRecord> {
    const { store, clock } = records;
    const tell = async (id: string) => {
      clock.advance(1_000);
      const build = await store.builds.get(id);
      const { version, status } = build;
      // Told again and again, as of every step that moves.
      for (let count = 0; say && count < 3; count += 1) {
        events.publish({
          type: "build.changed",
          buildId: id,
          projectId: project.id,
          version,
          status,
          changes: [],
        });
      }
      return build;
    };
    const { id } = await records.build({ projectId: project.id, pipelineId });
    await tell(id);
    if (publish) {
      await store.builds.markQueued(id, clock.now());
      await tell(id);
    }
    const claimed = await store.builds.claim({ ...CLAIM, prefer: id });
    if (claimed === undefined) throw new Error("not claimed");
    await tell(id);
    const details = end === "failed" ? ({ error: "Job test failed.", errorCode: "Permanent" } as const) : {};
    await store.builds.advance(claimed.lease, [
      { kind: "build-moved", to: end, at: clock.now(), ...details },
    ]);
    return tell(id);
  }

  const heardEvents = () => receiver.received.map(({ headers }) => headers["x-slipway-event"]);
  /** Lets what is due be sent: what is gathered, and what is looked for now and then. */
  const settle = (expected: () => void) =>
    vi.waitFor(() => {
      records.clock.advance(60);
      expected();
    }, POLL);
  const deliveries = async (webhook: WebhookRecord): Promise<DeliveryRecord[]> =>
    [...(await records.store.webhooks.listDeliveries(webhook.id, { limit: 100 })).items].reverse();

  it("tell that a build was queued, too, where a worker was quicker than its publisher", async () => {
    await add({ events: ["build.queued"] });
    await start();
    const { queuedAt = 0, startedAt } = await run("succeeded", true, false);
    expect(queuedAt).toBe(startedAt);
    await settle(() => expect(heardEvents()).toEqual(["build.queued"]));
    expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({
      event: "build.queued",
      at: new Date(queuedAt).toISOString(),
      build: { status: "queued" },
    });
  });

  it.each([
    ["succeeded", "build.success"],
    ["failed", "build.failure"],
    ["cancelled", "build.cancelled"],
  ] as const)("tell every state of a build that has %s once, as it was then", async (end, last) => {
    await add();
    await start();
    const build = await run(end);
    await settle(() => expect(heardEvents().sort()).toEqual(["build.queued", "build.running", last].sort()));
    const bodies = receiver.received
      .map(({ body }) => JSON.parse(body))
      .sort((a, b) => a.at.localeCompare(b.at));
    expect(bodies.map(({ event, build: told }) => [event, told.status])).toEqual([
      ["build.queued", "queued"],
      ["build.running", "running"],
      [last, end],
    ]);
    const iso = (ms: number | undefined) => new Date(ms ?? 0).toISOString();
    expect(bodies[0]).toEqual({
      event: "build.queued",
      at: iso(build.queuedAt),
      build: {
        id: build.id,
        number: 1,
        attempt: 1,
        runId: build.runId,
        status: "queued",
        trigger: "api",
        event: "workflow_dispatch",
        ref: "refs/heads/main",
        sha: build.sha,
        workflow: "ci",
        title: "ci",
        actor: "admin",
        createdAt: iso(build.createdAt),
        queuedAt: iso(build.queuedAt),
        url: `https://ci.example.org/builds/${build.id}`,
        apiUrl: `https://ci.example.org/api/v1/projects/${project.id}/pipelines/${build.id}`,
      },
      project: { id: project.id, name: "team/demo", repositoryUrl: project.repositoryUrl },
      pipeline: { id: pipelineId, name: "CI", path: ".workflows/ci.yml" },
    });
    expect(bodies[2].build).toMatchObject({
      startedAt: iso(build.startedAt),
      finishedAt: iso(build.finishedAt),
      durationMs: 1_000,
      ...(end === "failed" ? { error: "Job test failed.", errorCode: "Permanent" } : {}),
    });
  });

  it("sign the raw body and name the delivery", async () => {
    const webhook = await add({ events: ["build.success"] });
    await start();
    await run("succeeded");
    await settle(() => expect(receiver.received).toHaveLength(1));
    const [request] = receiver.received;
    const [delivery] = await deliveries(webhook);
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "Slipway-Webhook",
      "x-slipway-event": "build.success",
      "x-slipway-delivery": delivery?.id,
      "x-slipway-webhook": webhook.id,
      "x-slipway-attempt": "1",
      "x-slipway-signature-256": signPayload(request?.body ?? "", KEY),
    });
  });

  it.each<[string, Partial<WebhookRecord>, string[]]>([
    ["listens to one state", { events: ["build.failure"] }, ["build.failure"]],
    ["listens to nothing that happens", { events: ["build.success"] }, []],
    ["is disabled", { enabled: false }, []],
    ["is younger than the build's states", { createdAt: Number.MAX_SAFE_INTEGER }, []],
    ["belongs to another project", { projectId: "other" }, []],
  ])("send just what is asked for, where one %s", async (_what, change, expected) => {
    const other = await records.project({ name: "team/other" });
    await add(change.projectId === undefined ? change : { ...change, projectId: other.id });
    const control = await add({
      events: ["build.cancelled", "build.failure"],
      url: `${receiver.url}/control`,
    });
    await start();
    await run("failed");
    await settle(() => expect(receiver.received.map(({ path }) => path)).toContain("/hook/control"));
    await vi.waitFor(async () => expect((await deliveries(control))[0]?.state).toBe("delivered"), POLL);
    const seen = receiver.received.filter(({ path }) => path === "/hook");
    expect(seen.map(({ headers }) => headers["x-slipway-event"])).toEqual(expected);
  });

  it("try again after a growing time and keep what the receiver said, until they give up", async () => {
    const webhook = await add({ events: ["build.success"] });
    receiver.answer = (response) => response.writeHead(500).end("out of\norder");
    await start();
    await run("succeeded");
    const at: number[] = [];
    for (const attempt of [1, 2, 3]) {
      await settle(() => expect(receiver.received).toHaveLength(attempt));
      await vi.waitFor(async () => expect((await deliveries(webhook))[0]?.attempts).toBe(attempt), POLL);
      at.push(records.clock.now());
      const [delivery] = await deliveries(webhook);
      expect(delivery).toMatchObject({
        state: attempt === 3 ? "failed" : "waiting",
        lastStatus: 500,
        lastError: "The receiver answered 500. out of order",
      });
      if (delivery?.nextAt !== undefined) records.clock.advance(delivery.nextAt - records.clock.now());
    }
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(9_900);
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(59_900);
    expect(receiver.received.map(({ headers }) => headers["x-slipway-attempt"])).toEqual(["1", "2", "3"]);
    // The same delivery each time.
    expect(
      new Set(receiver.received.map(({ headers, body }) => `${headers["x-slipway-delivery"]} ${body}`)).size,
    ).toBe(1);
  });

  it.each<[string, (receiver: Receiver) => void, Partial<WebhookRecord>, Partial<DeliveryRecord>]>([
    [
      "410 Gone is the end",
      (to) => (to.answer = (response) => response.writeHead(410).end()),
      {},
      { state: "failed", lastStatus: 410, lastError: "The receiver answered 410." },
    ],
    [
      "a redirect is not followed",
      (to) => (to.answer = (response) => response.writeHead(301, { location: "/else" }).end()),
      {},
      {
        state: "waiting",
        lastStatus: 301,
        lastError: "The receiver answered 301, and redirects are not followed.",
      },
    ],
    [
      "no answer",
      (to) => (to.answer = (response) => response.destroy()),
      {},
      { state: "waiting", lastError: expect.stringContaining("without an answer") },
    ],
    [
      "204 is enough",
      (to) => (to.answer = (response) => response.writeHead(204).end()),
      {},
      { state: "delivered", lastStatus: 204 },
    ],
    [
      "an address that is not allowed any more",
      () => {},
      { url: "ftp://example.org" },
      { state: "failed", lastError: expect.stringContaining("begins with 'ftp:'") },
    ],
    [
      "a signing key that cannot be opened",
      () => {},
      { secret: "sealed for another" },
      { state: "failed", lastError: "The text was sealed for something else." },
    ],
  ])("record what comes of it: %s", async (_what, prepare, change, expected) => {
    prepare(receiver);
    const webhook = await add({ events: ["build.success"], ...change });
    await start();
    await run("succeeded");
    await settle(() => {});
    await vi.waitFor(async () => {
      records.clock.advance(60);
      expect((await deliveries(webhook))[0]).toMatchObject({ attempts: 1, ...expected });
    }, POLL);
  });

  it("refuse private addresses where they are told to", async () => {
    const webhook = await add({ events: ["build.success"] });
    await start({ allowPrivate: false });
    await run("succeeded");
    await vi.waitFor(async () => {
      records.clock.advance(60);
      expect((await deliveries(webhook))[0]).toMatchObject({
        state: "failed",
        lastError: expect.stringContaining("Webhooks may not call 127.0.0.1"),
      });
    }, POLL);
    expect(receiver.received).toEqual([]);
  });

  it("send a delivery again on demand, with the same id and body", async () => {
    const webhook = await add({ events: ["build.success"] });
    const webhooks = await start();
    await run("succeeded");
    await settle(() => expect(receiver.received).toHaveLength(1));
    await vi.waitFor(async () => expect((await deliveries(webhook))[0]?.state).toBe("delivered"), POLL);
    const [delivery] = await deliveries(webhook);
    await webhooks.redeliver(delivery?.id ?? "");
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), POLL);
    const [first, second] = receiver.received;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["x-slipway-delivery"]).toBe(first?.headers["x-slipway-delivery"]);
    await vi.waitFor(
      async () => expect(await deliveries(webhook)).toMatchObject([{ state: "delivered", attempts: 1 }]),
      POLL,
    );
    await expect(webhooks.redeliver("nothing")).rejects.toMatchObject({ code: "NotFound" });
  });

  it("ping one webhook alone, whatever it listens to, enabled or not", async () => {
    const webhook = await add({ events: ["build.success"], enabled: false });
    await add();
    const webhooks = await start();
    const delivery = await webhooks.ping(webhook);
    await webhooks.ping(webhook);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), POLL);
    expect(receiver.received[0]?.headers["x-slipway-delivery"]).toBe(delivery.id);
    expect(JSON.parse(receiver.received[0]?.body ?? "")).toEqual({
      event: "ping",
      at: new Date(records.clock.now()).toISOString(),
      webhook: { id: webhook.id, url: webhook.url, events: ["build.success"] },
      project: { id: project.id },
    });
    await expect(webhooks.ping({ ...webhook, id: "gone" })).rejects.toMatchObject({ code: "NotFound" });
  });

  it("send each delivery once with two servers at once", async () => {
    const webhook = await add();
    await Promise.all([start(), start()]);
    for (let count = 0; count < 5; count += 1) await run("succeeded");
    await settle(() => expect(receiver.received).toHaveLength(15));
    await vi.waitFor(async () => {
      expect((await deliveries(webhook)).map(({ state }) => state)).toEqual(Array(15).fill("delivered"));
    }, POLL);
    records.clock.advance(120_000);
    await new Promise((resolve) => setImmediate(resolve));
    const ids = receiver.received.map(({ headers }) => headers["x-slipway-delivery"]);
    expect(ids).toHaveLength(15);
    expect(new Set(ids).size).toBe(15);
  });

  it("send what a server took that went away before it was sent", async () => {
    const webhook = await add({ events: ["build.success"] });
    await run("succeeded", false);
    const event = { eventId: "e", name: "build.success", payload: {}, at: records.clock.now() };
    await records.store.webhooks.addDeliveries(project.id, event);
    expect(await records.store.webhooks.takeDue(records.clock.now(), 40_000, 10)).toHaveLength(1);
    await start();
    await settle(() => expect(receiver.received).toHaveLength(1));
    // The other one is still in the hands of the server that went away.
    expect((await deliveries(webhook)).find(({ eventId }) => eventId === "e")?.attempts).toBe(0);
    records.clock.advance(40_000);
    await settle(() => expect(receiver.received).toHaveLength(2));
  });

  it("make up at their start, and after a gap, for what nobody heard of", async () => {
    await add({ events: ["build.success"] });
    let tellGap = () => {};
    const listened: BuildStatus[] = [];
    const deaf: WebhookParts["events"] = {
      subscribe: async () => ({ unsubscribe() {} }),
      onGap(listener) {
        tellGap = listener;
        return { unsubscribe() {} };
      },
    };
    await run("succeeded", false);
    await start({ events: deaf });
    await settle(() => expect(receiver.received).toHaveLength(1));
    await run("succeeded", false);
    tellGap();
    await settle(() => expect(receiver.received).toHaveLength(2));
    expect(listened).toEqual([]);
    tellGap();
    await settle(() => {});
    await started[0]?.stop();
    expect(receiver.received).toHaveLength(2);
  });

  it("keep what they could not record for when the records answer again", async () => {
    await add({ events: ["build.success"] });
    let isAway = true;
    const store = {
      ...records.store,
      webhooks: {
        ...records.store.webhooks,
        listWebhooks: async (id: string) => {
          if (isAway) throw new Error("the records are away");
          return records.store.webhooks.listWebhooks(id);
        },
      },
    };
    await start({ store });
    await run("succeeded");
    records.clock.advance(5_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(receiver.received).toEqual([]);
    isAway = false;
    await settle(() => expect(heardEvents()).toEqual(["build.success"]));
  });

  it("let no slow receiver hold up another", async () => {
    await add({ url: `${receiver.url}/slow`, events: ["build.success"] });
    await add({ url: `${receiver.url}/fast`, events: ["*"] });
    receiver.answer = (response, { path }) => {
      if (path.endsWith("/fast")) response.end();
    };
    const webhooks = await start();
    await run("succeeded");
    await settle(() => expect(receiver.received.filter(({ path }) => path === "/hook/fast")).toHaveLength(3));
    expect(receiver.received.filter(({ path }) => path === "/hook/slow").length).toBeGreaterThan(0);
    records.clock.advance(10_000);
    await webhooks.stop();
  });
});

/** Stands for the vault: what is sealed is not readable, and opens for the same context alone. */
const sealing = {
  seal: (text: string, context: string) => Buffer.from(`${context}\n${text}`).toString("base64"),
  open(sealed: string, context: string): string {
    const [sealedFor, text = ""] = Buffer.from(sealed, "base64").toString().split("\n");
    if (sealedFor !== context) throw new Error("The text was sealed for something else.");
    return text;
  },
};
