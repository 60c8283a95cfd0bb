import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import { TestApi } from "./api.fixture.ts";

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
