import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestApi } from "../rest/api.fixture.ts";
import { type ApiClient, createClient } from "./create-client.ts";

let api: TestApi;
let client: ApiClient;
let url: string;
beforeAll(async () => {
  api = await TestApi.start();
  url = await api.app.listen({ host: "127.0.0.1", port: 0 });
  client = createClient({ url: `${url}/`, token: api.admin, sleep: async () => {} });
});
afterAll(() => api.stop());

describe("createClient", () => {
  it("asks routes by their names, with typed params, query and body", async () => {
    const project = await client.request("POST /projects", {
      body: { name: "acme/shop", repositoryUrl: "https://git.example.com/shop" },
      idempotencyKey: "make-shop",
    });
    const found = await client.request("GET /projects/{project}", { params: { project: "acme/shop" } });
    expect(found).toEqual(project);
    const started = await client.request("POST /projects/{project}/pipelines", {
      params: { project: project.id },
    });
    expect(started.status).toBe("queued");
    const gone = await client.request("PUT /projects/{project}/secrets/{name}", {
      params: { project: project.id, name: "A" },
      body: { value: "b" },
    });
    expect(gone).toBeUndefined();
    expect((await client.request("GET /me")).name).toBe("root");
  });

  it("goes through all pages of a list", async () => {
    for (let count = 0; count < 3; count++) await api.addProject();
    const names: string[] = [];
    for await (const { name } of client.pages("GET /projects", { query: { limit: 2 } })) names.push(name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(4);
  });

  it("rejects with the problem's code and words", async () => {
    const missing = client.request("GET /projects/{project}", { params: { project: "no/thing" } });
    await expect(missing).rejects.toMatchObject({
      code: "NotFound",
      message: expect.stringContaining("no such project"),
    });
    const other = createClient({ url, token: "slw_wrong" });
    await expect(other.request("GET /me")).rejects.toMatchObject({ code: "Unauthorized" });
  });

  it("says that a server cannot be reached, and that it may be tried again", async () => {
    const nobody = createClient({ url: "http://127.0.0.1:1", token: "x" });
    await expect(nobody.request("GET /me")).rejects.toMatchObject({ code: "Transient", retryable: true });
  });

  it("cannot be led to another route by a name", async () => {
    const led = client.request("GET /projects/{project}", { params: { project: ".." } });
    await expect(led).rejects.toMatchObject({ code: "InvalidSpec" });
  });

  it("takes a cut event stream up again after the last event", async () => {
    const project = await api.addProject();
    const build = await api.startBuild(project.id);
    const run = await api.claim(build);
    const { stepId } = await run.addJob();
    await run.print(stepId, "one\n");
    const seen: string[] = [];
    const cuts: (() => void)[] = [];
    const cutting = createClient({
      url,
      token: api.admin,
      sleep: async () => {},
      fetch: async (address, init) => {
        const cut = new AbortController();
        cuts.push(() => cut.abort());
        return fetch(address, { ...init, signal: cut.signal });
      },
    });
    const params = { project: project.id, pipeline: build.id, step: stepId };
    for await (const { event, data } of cutting.events(
      "GET /projects/{project}/pipelines/{pipeline}/steps/{step}/logs",
      { params },
    )) {
      if (event !== "log") continue;
      const { text } = data as { text: string };
      seen.push(text);
      if (text.includes("one")) {
        cuts[0]?.();
        await run.print(stepId, "two\n");
        await run.endStep(stepId);
      }
    }
    expect(seen.join("")).toBe("one\ntwo\n");
    expect(cuts.length).toBeGreaterThanOrEqual(2);
  });
});
