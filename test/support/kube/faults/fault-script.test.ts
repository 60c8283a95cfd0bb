import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { FakeClock } from "../../../../src/fake-clock.ts";
import { ask, open, watch } from "../cluster-client.ts";
import { TestCluster } from "../test-cluster.ts";
import { type Fault, type FaultRule, FaultScript } from "./fault-script.ts";

const MAPS = "/api/v1/namespaces/ci/configmaps";
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    namespaces: { ci: {} },
    users: { worker: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] },
  });
});
afterEach(() => cluster.faults.clear());
afterAll(() => cluster.close());

const list = () => ask(cluster, "GET", MAPS);
const make = (name: string) => cluster.create({ kind: "ConfigMap", metadata: { name, namespace: "ci" } });
const strike = (fault: Fault, over: Partial<FaultRule> = {}) =>
  cluster.faults.add({ resource: "configmaps", fault, ...over });

describe("a fault script", () => {
  it.each([
    [429, "TooManyRequests"],
    [500, "InternalError"],
    [503, "ServiceUnavailable"],
    [504, "Timeout"],
    [409, "Conflict"],
  ])("answers %i once, then no more", async (code, reason) => {
    strike({ kind: "answer", code, ...(code === 429 ? { retryAfterSeconds: 2 } : {}) });
    const answer = await list();
    expect([answer.code, answer.body.reason, answer.headers["retry-after"]]).toEqual([
      code,
      reason,
      code === 429 ? "2" : undefined,
    ]);
    expect((await list()).code).toBe(200);
  });

  it("strikes by verb, resource, name and nth request, as often as told", async () => {
    strike({ kind: "answer", code: 500 }, { verb: "get", name: /^nth/, skip: 1, times: 2 });
    make("nth-one");
    const codes = [];
    for (let n = 0; n < 4; n += 1) codes.push((await ask(cluster, "GET", `${MAPS}/nth-one`)).code);
    expect(codes).toEqual([200, 500, 500, 200]);
    expect((await list()).code).toBe(200);
    expect(cluster.faults.struck("answer")).toBe(2);
  });

  it("cuts the connection before the request is carried out, or after", async () => {
    strike({ kind: "drop" }, { verb: "create" });
    const post = (name: string) => ask(cluster, "POST", MAPS, { metadata: { name } });
    await expect(post("before")).rejects.toThrow();
    expect(cluster.get("configmaps", "ci", "before")).toBeUndefined();
    strike({ kind: "drop", when: "after" }, { verb: "create" });
    await expect(post("after")).rejects.toThrow();
    expect(cluster.get("configmaps", "ci", "after")).toBeDefined();
  });

  it("cuts an answer in its middle, and a watch", async () => {
    strike({ kind: "cut", afterBytes: 20 }, { verb: "list" });
    const message = await open(cluster, "GET", MAPS);
    let size = 0;
    await expect(
      (async () => {
        for await (const chunk of message as AsyncIterable<Buffer>) size += chunk.length;
      })(),
    ).rejects.toThrow();
    expect(size).toBe(20);
    strike({ kind: "cut", afterBytes: 10 }, { verb: "watch" });
    make("cut-off");
    expect(await (await watch(cluster, MAPS)).ended).toBe("cut");
  });

  it("delays, and hangs until it cuts", async () => {
    strike({ kind: "delay", ms: 200 });
    const before = performance.now();
    expect((await list()).code).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(190);
    strike({ kind: "hang", ms: 100 });
    await expect(list()).rejects.toThrow();
  });

  it("says 410 Gone over HTTP and in the stream", async () => {
    strike({ kind: "gone" }, { verb: "list" });
    expect((await list()).code).toBe(410);
    strike({ kind: "gone", as: "http" }, { verb: "watch" });
    expect((await open(cluster, "GET", `${MAPS}?watch=1`)).statusCode).toBe(410);
    strike({ kind: "gone" }, { verb: "watch" });
    const live = await watch(cluster, MAPS);
    await live.ended;
    expect(live.events).toMatchObject([{ type: "ERROR", object: { code: 410 } }]);
  });

  it("reorders, doubles and swallows events of watches", async () => {
    const seenBy = async (fault: Fault, prefix: string, expected: number) => {
      const takeBack = strike(fault, { verb: "watch" });
      const live = await watch(cluster, `${MAPS}?resourceVersion=${cluster.registry.store.version}`);
      for (const n of [1, 2, 3]) make(`${prefix}-${n}`);
      await live.until((all) => all.length === expected);
      live.close();
      takeBack();
      return live.events.map(({ object }) => object.metadata.name.slice(-1)).join("");
    };
    expect(await seenBy({ kind: "reorder" }, "reorder", 3)).toBe("213");
    expect(await seenBy({ kind: "duplicate" }, "duplicate", 6)).toBe("112233");
    expect(await seenBy({ kind: "swallow", from: 2 }, "swallow", 2)).toBe("13");
  });

  it("takes the whole API away, with its watches, and gives it back", async () => {
    const live = await watch(cluster, MAPS);
    cluster.faults.down();
    expect(await live.ended).toBe("cut");
    await expect(list()).rejects.toThrow();
    cluster.faults.up();
    expect((await list()).code).toBe(200);
    cluster.faults.down(150);
    await expect(list()).rejects.toThrow();
    await cluster.until("it is back by itself", () => !cluster.faults.isDown);
    expect((await list()).code).toBe(200);
  });

  it("takes rights away from now on, and gives them back", async () => {
    const asWorker = () => ask(cluster, "GET", MAPS, undefined, { user: "worker" });
    const giveBack = cluster.faults.deny({ verb: "list", resource: "configmaps" }, "worker");
    expect((await asWorker()).body.message).toBe(
      'configmaps is forbidden: User "worker" cannot list resource "configmaps" in API group "" in the namespace "ci"',
    );
    expect((await list()).code).toBe(200);
    giveBack();
    expect((await asWorker()).code).toBe(200);
  });

  it("sets the cluster's clock ahead", async () => {
    cluster.faults.skew(3_600_000);
    const { body, headers } = await ask(cluster, "POST", MAPS, { metadata: { name: "ahead" } });
    expect(Date.parse(String(body.metadata.creationTimestamp)) - Date.now()).toBeGreaterThan(3_500_000);
    expect(Date.parse(headers.date ?? "") - Date.now()).toBeGreaterThan(3_500_000);
  });

  it("strikes by chance the same for the same seed, and about as often as told", () => {
    const row = (seed: number) => {
      const script = new FaultScript(seed, { cutConnections() {}, closeWatches() {} }, new FakeClock());
      script.add({ probability: 0.3, times: "always", fault: { kind: "drop" } });
      const request = { verb: "get", resource: "pods", namespace: "ci", name: "x", userAgent: "", user: "a" };
      return Array.from({ length: 1_000 }, () => script.strike(request).length);
    };
    expect(row(7)).toEqual(row(7));
    expect(row(7)).not.toEqual(row(8));
    const struck = row(7).filter((n) => n > 0).length;
    expect(struck).toBeGreaterThan(240);
    expect(struck).toBeLessThan(360);
  });
});

it("counts requests by what they ask and who asks", async () => {
  cluster.requests.reset();
  await list();
  await list();
  await ask(cluster, "GET", `${MAPS}/x`, undefined, { user: "worker" });
  expect(cluster.requests.byKind()).toEqual({ "list configmaps": 2, "get configmaps": 1 });
  expect(cluster.requests.count({ user: "worker" })).toBe(1);
  expect(cluster.requests.count({ verb: "list", namespace: "ci" })).toBe(2);
});
