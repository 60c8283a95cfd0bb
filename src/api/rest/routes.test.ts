import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildRecord } from "../../store/build-record.ts";
import type { ProjectRecord } from "../../store/project-record.ts";
import { TestApi } from "./api.fixture.ts";

let api: TestApi;
let project: ProjectRecord;
let build: BuildRecord;
let base: string;
beforeAll(async () => {
  api = await TestApi.start();
  project = await api.addProject();
  build = await api.startBuild(project.id);
  base = `/projects/${project.id}`;
});
afterAll(() => api.stop());

describe("projects", () => {
  it("are made, found by id and by name, changed and deleted", async () => {
    const made = await api.call("POST", "/projects", { name: "acme/made", repositoryUrl: "/srv/made" });
    expect(made.status).toBe(201);
    const { id } = made.json();
    expect(made.headers.location).toBe(`/api/v1/projects/${id}`);
    expect(made.json()).toMatchObject({ name: "acme/made", defaultBranch: "main", settings: {} });
    expect((await api.call("GET", "/projects/acme%2Fmade")).json().id).toBe(id);
    const settings = { maxBuilds: 2, publicBadges: true };
    expect((await api.call("PATCH", `/projects/${id}`, { settings })).json().settings).toEqual(settings);
    const cleared = await api.call("PATCH", `/projects/${id}`, { settings: { maxBuilds: null } });
    expect(cleared.json().settings).toEqual({ publicBadges: true });
    expect((await api.call("DELETE", `/projects/${id}`)).status).toBe(204);
    expect((await api.call("GET", `/projects/${id}`)).status).toBe(404);
  });
  it("are served below /api as below /api/v1", async () => {
    const [a, b] = [await api.call("GET", `/api/projects/${project.id}`), await api.call("GET", base)];
    expect(a.json()).toEqual(b.json());
  });
  it("names the field of each mistake", async () => {
    const bad = await api.call("POST", "/projects", {
      name: "No Name",
      repositoryUrl: "https://u:p@h/x",
      more: 1,
    });
    expect(bad.status).toBe(422);
    expect(bad.headers["content-type"]).toMatch("application/problem+json");
    const fields = bad.json().errors.map((error: { field: string }) => error.field);
    expect(fields).toEqual(expect.arrayContaining(["body.name", "body.repositoryUrl", "body"]));
    const token = `https://ghp_${"x".repeat(36)}@github.com/acme/app.git`;
    const named = await api.call("POST", "/projects", { name: "acme/token", repositoryUrl: token });
    expect([named.status, named.text.includes("ghp_")]).toEqual([422, false]);
  });
  it("says that a repository is none as a mistake of the request", async () => {
    const bad = await api.call("POST", "/projects", { name: "acme/none", repositoryUrl: "/nothing" });
    expect(bad.status).toBe(422);
    expect(bad.json().errors[0].field).toBe("body.repositoryUrl");
  });
  it("lets a writer change a project, but not its repository nor its limits", async () => {
    const token = await api.token("w", ["project:write"], project.id);
    expect((await api.call("PATCH", base, { defaultBranch: "main" }, { token })).status).toBe(200);
    expect((await api.call("PATCH", base, { repositoryUrl: "/etc" }, { token })).status).toBe(403);
    expect((await api.call("PATCH", base, { settings: { maxJobs: 99 } }, { token })).status).toBe(403);
  });
  it("are listed as far as the token sees, page by page", async () => {
    await api.addProject();
    const first = (await api.call("GET", "/projects?limit=1")).json();
    expect(first.items).toHaveLength(1);
    const second = (
      await api.call("GET", `/projects?limit=1&cursor=${encodeURIComponent(first.next)}`)
    ).json();
    expect(second.items[0].id).not.toBe(first.items[0].id);
    const token = await api.token("one", ["project:read"], project.id);
    const own = (await api.call("GET", "/projects", undefined, { token })).json();
    expect(own.items.map(({ id }: { id: string }) => id)).toEqual([project.id]);
  });
});

describe("definitions", () => {
  it("are found in the repository, made, changed and deleted", async () => {
    const own = await api.addProject();
    const path = `/projects/${own.id}/definitions`;
    expect((await api.call("GET", path)).json().items).toMatchObject([
      { name: "CI", path: ".workflows/ci.yml" },
    ]);
    const made = await api.call("POST", path, { name: "Later", path: ".workflows/later.yml" });
    expect(made.status).toBe(201);
    expect((await api.call("POST", path, { name: "Later", path: ".workflows/x.yml" })).status).toBe(409);
    expect((await api.call("PATCH", `${path}/Later`, { enabled: false })).json().enabled).toBe(false);
    expect((await api.call("DELETE", `${path}/${made.json().id}`)).status).toBe(204);
    expect((await api.call("GET", `${path}/Later`)).status).toBe(404);
    expect((await api.call("GET", `/projects/${own.id}/schedules`)).json()).toEqual({ items: [] });
  });
});

describe("builds", () => {
  it("are started with what was asked for", async () => {
    const started = await api.call("POST", `${base}/pipelines`, {
      pipeline: ".workflows/ci.yml",
      gitRef: "main",
      inputs: { version: 2 },
      variables: { A: "b" },
      jobs: ["test"],
    });
    expect(started.status).toBe(201);
    expect(started.json()).toMatchObject({
      status: "queued",
      trigger: "api",
      ref: "refs/heads/main",
      actor: "root",
    });
    const snapshot = await api.deps.store.builds.snapshot(started.json().id);
    expect(snapshot).toMatchObject({ inputs: { version: "2" }, vars: { A: "b" }, onlyJobs: ["test"] });
  });
  it("are filtered by state, ref, trigger and pipeline", async () => {
    const ids = async (query: string) => {
      const answer = await api.call("GET", `${base}/pipelines?${query}`);
      return answer.json().items.map(({ id }: { id: string }) => id);
    };
    expect(await ids("status=pending,queued&ref=main&trigger=api&pipeline=CI")).toContain(build.id);
    expect(await ids("status=failed")).toEqual([]);
    expect(await ids("ref=refs/heads/other")).toEqual([]);
    expect(await ids(`number=${build.number}`)).toEqual([build.id]);
    expect(await ids(`number=${build.number + 1000}`)).toEqual([]);
    for (const wrong of ["status=done", "number=0", "number=twelve", "number=1.5"])
      expect((await api.call("GET", `${base}/pipelines?${wrong}`)).status, wrong).toBe(422);
    expect((await api.call("GET", `${base}/pipelines?cursor=zzz`)).status).toBe(422);
  });
  it("are shown with jobs, steps and attempts, and by their ETag as unchanged", async () => {
    const own = await api.startBuild(project.id);
    const run = await api.claim(own);
    const { jobId, stepId } = await run.addJob();
    const path = `${base}/pipelines/${own.id}`;
    const shown = await api.call("GET", path);
    expect(shown.json()).toMatchObject({
      status: "running",
      jobs: [
        {
          id: jobId,
          status: "running",
          steps: [{ id: stepId, log: { url: `/api/v1${path}/steps/${stepId}/logs` } }],
        },
      ],
      attempts: [{ id: own.id, attempt: 1 }],
    });
    const headers = { "if-none-match": String(shown.headers.etag) };
    expect((await api.call("GET", path, undefined, { headers })).status).toBe(304);
    await run.endStep(stepId);
    expect((await api.call("GET", path, undefined, { headers })).status).toBe(200);
    expect((await api.call("GET", `/builds/${own.id}`)).json().id).toBe(own.id);
    expect((await api.call("GET", `${path}/jobs`)).json().items).toHaveLength(1);
    expect((await api.call("GET", `/builds/${own.id}/graph`)).json()).toMatchObject({
      nodes: [{ key: "test", status: "running" }],
      edges: [],
    });
  });
  it("are cancelled, and run again as a new attempt", async () => {
    const own = await api.startBuild(project.id);
    const path = `${base}/pipelines/${own.id}`;
    expect((await api.call("POST", `${path}/cancel`)).json()).toMatchObject({ status: "cancelled" });
    expect((await api.call("POST", `${path}/cancel`)).status).toBe(200);
    expect((await api.call("POST", `${path}/rerun`, { what: "job" })).status).toBe(422);
    const again = await api.call("POST", `${path}/rerun`, { what: "all", debug: true });
    const { vars } = await api.deps.store.builds.snapshot(again.json().id);
    expect(vars).toMatchObject({ ACTIONS_STEP_DEBUG: "true" });
    expect(again.status).toBe(201);
    expect(again.json()).toMatchObject({ attempt: 2, rootId: own.id, trigger: "rerun" });
    expect((await api.call("GET", `${path}/attempts`)).json().items).toHaveLength(2);
  });
  it("have approvals only where one waits", async () => {
    const answer = await api.call("POST", `${base}/pipelines/${build.id}/approve`, { comment: "go" });
    expect(answer.status).toBe(404);
  });
  it("are not found in another project", async () => {
    const other = await api.addProject();
    for (const path of ["", "/jobs", "/attempts", "/artifacts"]) {
      expect((await api.call("GET", `/projects/${other.id}/pipelines/${build.id}${path}`)).status).toBe(404);
    }
    for (const action of ["cancel", "rerun", "approve", "reject"]) {
      expect((await api.call("POST", `/projects/${other.id}/pipelines/${build.id}/${action}`)).status).toBe(
        404,
      );
    }
  });
});

describe("settings", () => {
  it("never give back a secret", async () => {
    const put = await api.call("PUT", `${base}/secrets/deploy_key`, { value: "s3cr3t-value" });
    expect([put.status, put.text]).toEqual([204, ""]);
    await api.call("PUT", `${base}/secrets/DEPLOY_KEY?environment=prod`, { value: "other" });
    const listed = await api.call("GET", `${base}/secrets`);
    expect(listed.text).not.toContain("s3cr3t");
    expect(listed.json().items).toMatchObject([
      { name: "DEPLOY_KEY" },
      { name: "DEPLOY_KEY", environment: "prod" },
    ]);
    expect((await api.call("DELETE", `${base}/secrets/DEPLOY_KEY`)).status).toBe(204);
    expect((await api.call("DELETE", `${base}/secrets/DEPLOY_KEY`)).status).toBe(404);
    expect((await api.call("PUT", `${base}/secrets/GITHUB_X`, { value: "x" })).status).toBe(422);
  });
  it("do not repeat a secret in the mistakes of its request", async () => {
    const bad = await api.call("PUT", `${base}/secrets/A`, { value: "s3cr3t-value", valeu: "s3cr3t-value" });
    expect(bad.status).toBe(422);
    expect(bad.text).not.toContain("s3cr3t");
  });
  it("hold variables", async () => {
    await api.call("PUT", `${base}/variables/region`, { value: "eu" });
    expect((await api.call("GET", `${base}/variables`)).json().items).toMatchObject([
      { name: "REGION", value: "eu" },
    ]);
    expect((await api.call("DELETE", `${base}/variables/region`)).status).toBe(204);
    expect((await api.call("DELETE", `${base}/variables/region`)).status).toBe(404);
  });
  it("hold environments with their reviewers", async () => {
    const body = { reviewers: ["ann"], approvalTimeoutMs: 3_600_000 };
    expect((await api.call("PUT", `${base}/environments/Prod`, body)).json()).toMatchObject({
      name: "Prod",
      ...body,
    });
    expect((await api.call("PUT", `${base}/environments/prod`, {})).json()).toMatchObject({ reviewers: [] });
    expect((await api.call("GET", `${base}/environments`)).json().items).toHaveLength(1);
    expect((await api.call("GET", `${base}/environments/PROD`)).status).toBe(200);
    expect((await api.call("DELETE", `${base}/environments/prod`)).status).toBe(204);
    expect((await api.call("DELETE", `${base}/environments/prod`)).status).toBe(404);
  });
});

describe("webhooks", () => {
  it("show their key once, are pinged, and send a delivery again", async () => {
    const made = await api.call("POST", `${base}/webhooks`, { url: "https://example.com/hook" });
    expect(made.status).toBe(201);
    const { id, secret } = made.json();
    expect(secret).toMatch(/^[\w-]{43}$/);
    const path = `${base}/webhooks/${id}`;
    expect((await api.call("GET", path)).text).not.toContain(secret);
    expect(
      (await api.call("PATCH", path, { events: ["build.failure"], secret: "x".repeat(20) })).json().events,
    ).toEqual(["build.failure"]);
    await api.call("PATCH", path, { events: ["*"] });
    const ping = await api.call("POST", `${path}/ping`);
    expect(ping.json()).toMatchObject({ event: "ping", state: "waiting" });
    const deliveries = (await api.call("GET", `${path}/deliveries`)).json().items;
    expect(deliveries).toHaveLength(1);
    const again = await api.call("POST", `${path}/deliveries/${deliveries[0].id}/redeliver`);
    expect(again.status).toBe(202);
    const other = await api.addProject();
    expect((await api.call("GET", `/projects/${other.id}/webhooks/${id}`)).status).toBe(404);
    const theirs = await api.call("POST", `/projects/${other.id}/webhooks`, { url: "https://example.com/x" });
    const foreign = `/projects/${other.id}/webhooks/${theirs.json().id}/deliveries/${deliveries[0].id}`;
    expect((await api.call("POST", `${foreign}/redeliver`)).status).toBe(404);
    expect((await api.call("DELETE", path)).status).toBe(204);
    expect((await api.call("GET", path)).status).toBe(404);
  });
  it("go only to addresses of the web", async () => {
    for (const url of ["file:///etc/passwd", "ftp://x/y", "https://u:p@x/", "nothing"]) {
      expect((await api.call("POST", `${base}/webhooks`, { url })).status).toBe(422);
    }
  });
  it("go nowhere that this server would not call, and say so when they are made or changed", async () => {
    const url = "http://10.0.0.1/hook";
    const refused = await api.call("POST", `${base}/webhooks`, { url });
    expect([refused.status, refused.json().errors]).toEqual([
      422,
      [{ field: "body.url", message: expect.stringContaining("private network") }],
    ]);
    const made = await api.call("POST", `${base}/webhooks`, { url: "https://example.com/hook" });
    const path = `${base}/webhooks/${made.json().id}`;
    expect((await api.call("PATCH", path, { url })).status).toBe(422);
    expect((await api.call("PATCH", path, { enabled: false })).json().url).toBe("https://example.com/hook");
    await api.call("DELETE", path);
  });
  it("are shown only to those who may change them: the address may be a key", async () => {
    const token = await api.token("reader of hooks", ["project:read"], project.id);
    expect((await api.call("GET", `${base}/webhooks`, undefined, { token })).status).toBe(403);
  });
});

describe("tokens", () => {
  it("are shown once, listed without their text, and revoked", async () => {
    const made = await api.call("POST", "/tokens", {
      name: "ci",
      permissions: ["project:read"],
      project: project.name,
    });
    expect(made.status).toBe(201);
    const { id, token, projectId } = made.json();
    expect(projectId).toBe(project.id);
    expect((await api.call("GET", "/tokens")).text).not.toContain(token);
    expect((await api.call("GET", "/me", undefined, { token })).json()).toMatchObject({
      id,
      name: "ci",
      projectId,
    });
    expect((await api.call("DELETE", `/tokens/${id}`)).status).toBe(204);
    expect((await api.call("GET", "/me", undefined, { token })).status).toBe(401);
    expect((await api.call("DELETE", `/tokens/${id}`)).status).toBe(404);
  });
});

describe("the rest of the server", () => {
  it("gives a copy of its records, or says that their engine has a way of its own", async () => {
    const refused = await api.call("GET", "/backup");
    expect([refused.status, refused.json().detail]).toEqual([409, expect.stringContaining("pg_dump")]);
    const copying = await TestApi.start({}, () => ({
      copyRecords: async () => ({ sizeBytes: 4, body: Readable.from([Buffer.from("copy")]) }),
    }));
    const copied = await copying.call("GET", "/backup");
    expect([copied.status, copied.text, copied.headers["content-length"]]).toEqual([200, "copy", "4"]);
    await copying.stop();
  });
  it("shows the queue, and puts dead letters back", async () => {
    expect((await api.call("GET", "/queue")).json()).toMatchObject({ engine: "memory", dead: 0 });
    expect((await api.call("GET", "/queue/dead-letters")).json()).toEqual({ items: [] });
    expect((await api.call("POST", "/queue/requeue")).json()).toEqual({ requeued: 0 });
  });
  it("tells its version", async () => {
    expect((await api.call("GET", "/version")).json()).toEqual({ version: "1.2.3" });
  });
  it("names the parts that are ready", async () => {
    expect((await api.call("GET", "//healthz", undefined, { token: null })).json()).toEqual({ ok: true });
    const ready = await api.call("GET", "//readyz", undefined, { token: null });
    expect([ready.status, ready.json()]).toMatchObject([
      200,
      { ready: true, parts: { records: { ok: true } } },
    ]);
  });
  it("gives its numbers to a token that may read everything", async () => {
    expect((await api.call("GET", "//metrics")).text).toBe("slipway_builds 1\n");
    expect((await api.call("GET", "//metrics", undefined, { token: null })).status).toBe(401);
    const token = await api.token("one", ["project:read"], project.id);
    expect((await api.call("GET", "//metrics", undefined, { token })).status).toBe(403);
  });
  it("lists and deletes caches of the project only", async () => {
    const at = Date.now();
    const cache = { version: "v", scope: "refs/heads/main", sizeBytes: 3, createdAt: at, usedAt: at };
    await api.deps.blobs.put("caches/c1", Buffer.from("abc"));
    const row = {
      ...cache,
      id: "c1",
      databaseId: 1,
      projectId: project.id,
      key: "npm-1",
      blobKey: "caches/c1",
    };
    await api.deps.store.artifacts.addCache(row);
    const other = await api.addProject();
    expect((await api.call("DELETE", `/projects/${other.id}/caches/c1`)).status).toBe(404);
    const listed = (await api.call("GET", `${base}/caches?key=npm&ref=main`)).json();
    expect(listed).toMatchObject({ items: [{ id: "c1", key: "npm-1" }], totalBytes: 3 });
    expect((await api.call("DELETE", `${base}/caches/c1`)).status).toBe(204);
    expect(await api.deps.blobs.stat("caches/c1")).toBeUndefined();
  });
});
