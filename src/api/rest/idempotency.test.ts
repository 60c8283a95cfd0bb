import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ExecError } from "../../errors.ts";
import { FakeClock } from "../../fake-clock.ts";
import { openStore } from "../../store/open-store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { TestApi } from "./api.fixture.ts";
import { runOnce } from "./idempotency.ts";

let api: TestApi;
let projectId: string;
let gate: Promise<void> | undefined;
let entered = () => {};
let failure: ExecError | undefined;
beforeAll(async () => {
  api = await TestApi.start({}, ({ pipelines }) => ({
    pipelines: {
      ...pipelines,
      async startPipelineBuild(caller, request) {
        entered();
        await gate;
        const build = await pipelines.startPipelineBuild(caller, request);
        if (failure !== undefined) throw failure;
        return build;
      },
    },
  }));
  projectId = (await api.addProject()).id;
});
afterAll(() => api.stop());

const start = (key: string, body: object = {}, token?: string) =>
  api.call("POST", `/projects/${projectId}/pipelines`, body, {
    headers: { "idempotency-key": key },
    ...(token !== undefined && { token }),
  });

describe("Idempotency-Key", () => {
  it("gives the first answer again, and does it once", async () => {
    const first = await start("k1", { gitRef: "main" });
    const again = await start("k1", { gitRef: "main" });
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect([first.headers["idempotency-replayed"], again.headers["idempotency-replayed"]]).toEqual([
      undefined,
      "true",
    ]);
  });
  it("is refused for another body", async () => {
    await start("k2", { gitRef: "main" });
    const other = await start("k2", { gitRef: "main", jobs: ["test"] });
    expect([other.status, other.json().code]).toEqual([422, "IdempotencyMismatch"]);
  });
  it("is refused while the first is being worked on", async () => {
    let open = () => {};
    const started = new Promise<void>((resolve) => {
      entered = resolve;
    });
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = start("k3");
    await started;
    const second = await start("k3");
    expect([second.status, second.json().code, second.headers["retry-after"]]).toEqual([
      409,
      "Conflict",
      "1",
    ]);
    open();
    gate = undefined;
    expect((await first).status).toBe(201);
  });
  it("belongs to its caller", async () => {
    const token = await api.token("other", ["project:write"]);
    const [a, b] = [await start("k4"), await start("k4", {}, token)];
    expect(a.json().id).not.toBe(b.json().id);
  });
  it("may be tried again after a failure, and finds the build that was made", async () => {
    failure = new ExecError("Transient", "the answer was lost");
    expect((await start("k5")).status).toBe(503);
    failure = undefined;
    const second = await start("k5");
    expect(second.status).toBe(201);
    const all = await api.call("GET", `/projects/${projectId}/pipelines?limit=200`);
    expect(all.json().items.filter(({ id }: { id: string }) => id === second.json().id)).toHaveLength(1);
  });
  it("keeps what is shown once sealed", async () => {
    const headers = { "idempotency-key": "k6" };
    const body = { name: "sealed", permissions: ["project:read"] };
    const made = await api.call("POST", "/tokens", body, { headers });
    const again = await api.call("POST", "/tokens", body, { headers });
    expect(again.json()).toEqual(made.json());
    const begin = api.deps.store.requests.begin.bind(api.deps.store.requests);
    const found: string[] = [];
    api.deps.store.requests.begin = async (...given) => {
      const state = await begin(...given);
      if (state.kind === "done") found.push(state.answer.body);
      return state;
    };
    await api.call("POST", "/tokens", body, { headers });
    expect(found).toHaveLength(1);
    expect(found[0]).not.toContain(made.json().token);
  });
  it.each(["", " ", "a b", "x".repeat(256)])("is refused where it is none: %j", async (key) => {
    expect((await start(key)).status).toBe(400);
  });
});

describe("a key that is being worked on", () => {
  const minutes = (count: number) => count * 60_000;
  const open = async () => {
    const clock = new FakeClock();
    const deps = { clock, logger: silentLogger };
    const store = await openStore({ kind: "sqlite", file: ":memory:" }, deps);
    onTestFinished(() => store.close());
    const parts = { ...deps, store, vault: api.deps.vault };
    const [route] = (await import("./routes/build-routes.ts")).buildRoutes;
    if (route === undefined) throw new Error("there is no route");
    const request = { route, key: "k", caller: "c", url: "/", body: {} };
    return { clock, parts, request };
  };
  const done = async () => ({ status: 201, json: { id: "made" } });

  it("is held for as long as it takes, and nothing is left of that afterwards", async () => {
    const { clock, parts, request } = await open();
    const work = Promise.withResolvers<{ status: number }>();
    const first = runOnce(request, parts, () => work.promise);
    await expect.poll(() => clock.pending).toBe(1);
    for (let passed = 0; passed < 30; passed += 1) {
      clock.advance(minutes(1) / 3);
      await expect(runOnce(request, parts, done)).rejects.toMatchObject({ code: "Conflict" });
    }
    work.resolve({ status: 200 });
    expect(await first).toEqual({ status: 200 });
    expect(clock.pending).toBe(0);
    clock.advance(minutes(24 * 60) - 1);
    expect(await runOnce(request, parts, done)).toMatchObject({ status: 200 });
    clock.advance(1);
    expect(await runOnce(request, parts, done)).toMatchObject({ status: 201 });
  });

  it("is free again within a minute where its process died", async () => {
    const { clock, parts, request } = await open();
    const dead = { ...parts, clock: { now: () => clock.now(), monotonic: () => 0, after: () => () => {} } };
    const begun = Promise.withResolvers<void>();
    void runOnce(request, dead, () => {
      begun.resolve();
      return new Promise(() => {});
    });
    await begun.promise;
    clock.advance(minutes(1) - 1);
    await expect(runOnce(request, parts, done)).rejects.toMatchObject({ code: "Conflict" });
    clock.advance(1);
    expect(await runOnce(request, parts, done)).toMatchObject({ status: 201 });
  });
});
