import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openServices, put } from "./services.fixture.ts";

const DAY = 24 * 3600 * 1000;
const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("ArtifactService", () => {
  it("keeps what was uploaded where a person finds it, and lists it", async () => {
    const { client, services, folder, time } = await openServices();
    const job = await client();
    const created = await job.upload("My app", "zip bytes");
    expect(created).toMatchObject({ status: 200, body: { ok: true } });
    const path = join(folder, "artifacts/build-1/My app/My app.zip");
    expect(await readFile(path, "utf8")).toBe("zip bytes");
    expect(await services.listArtifacts("build-1")).toEqual([
      {
        id: Number(created.body.artifact_id),
        name: "My app",
        sizeBytes: 9,
        path,
        digest: sha256("zip bytes"),
        createdAt: time.now,
        expiresAt: time.now + 90 * DAY,
      },
    ]);
    const record = JSON.parse(await readFile(path.replace(".zip", ".artifact.json"), "utf8"));
    expect(record).toMatchObject({ format: 1, name: "My app", jobKey: "test", mimeType: "application/zip" });
  });

  it("shows artifacts to every job of the build, with the ids of the job that made them", async () => {
    const { client, time } = await openServices();
    const maker = await client();
    await maker.upload("a", "1");
    time.now += 1000;
    const other = await client({ jobKey: "deploy" });
    const { body } = await other.artifact("ListArtifacts");
    expect(body.artifacts).toEqual([
      {
        workflow_run_backend_id: maker.runId,
        workflow_job_run_backend_id: maker.jobId,
        database_id: expect.stringMatching(/^\d+$/),
        name: "a",
        size: "1",
        created_at: "2026-01-01T00:00:00.000Z",
        digest: sha256("1"),
      },
    ]);
    expect(await (await other.download("a")).text()).toBe("1");
  });

  it("filters by name and by id, exactly", async () => {
    const { client } = await openServices();
    const job = await client();
    await job.upload("app", "1");
    const second = await job.upload("app-2", "2");
    const names = async (filter: object) => {
      const { body } = await job.artifact("ListArtifacts", { ...filter });
      return (body.artifacts as { name: string }[]).map((a) => a.name);
    };
    expect(await names({})).toEqual(["app", "app-2"]);
    expect(await names({ name_filter: "app" })).toEqual(["app"]);
    expect(await names({ nameFilter: "app" })).toEqual(["app"]);
    expect(await names({ id_filter: second.body.artifact_id })).toEqual(["app-2"]);
    expect(await names({ id_filter: "1" })).toEqual([]);
  });

  it("gives the file's own name and type back, so that the client knows a zip from anything else", async () => {
    const { client } = await openServices();
    const job = await client();
    await job.upload("report ü'(1)%.html", "<p>", "text/html");
    await job.upload("bundle", "PK");
    const raw = await job.download("report ü'(1)%.html");
    expect(raw.headers.get("content-type")).toBe("text/html");
    expect(raw.headers.get("content-disposition")).toBe(
      `attachment; filename="report _'(1)_.html"; filename*=UTF-8''report%20%C3%BC%27%281%29%25.html`,
    );
    expect(new URL(raw.url).pathname).not.toMatch(/\.\w+$/);
    const zip = await job.download("bundle");
    expect(zip.headers.get("content-type")).toBe("application/zip");
    expect(zip.headers.get("content-disposition")).toContain('filename="bundle.zip"');
  });

  it("lists nothing that is not finished", async () => {
    const { client, services } = await openServices();
    const job = await client();
    const { body } = await job.artifact("CreateArtifact", { name: "half", version: 4 });
    await put(String(body.signed_upload_url), "content");
    expect((await job.artifact("ListArtifacts")).body.artifacts).toEqual([]);
    expect((await job.artifact("GetSignedArtifactURL", { name: "half" })).status).toBe(404);
    expect(await services.listArtifacts("build-1")).toEqual([]);
  });

  it("refuses a second artifact of the same name with the client's own words for it, until the first is deleted", async () => {
    const { client } = await openServices();
    const job = await client();
    const first = await job.upload("a", "1");
    expect(await job.upload("a", "2")).toMatchObject({
      status: 409,
      body: {
        code: "already_exists",
        msg: 'an artifact with this name already exists on the workflow run: "a"',
      },
    });
    const deleted = await job.artifact("DeleteArtifact", { name: "a" });
    expect(deleted.body).toEqual({ ok: true, artifact_id: first.body.artifact_id });
    expect((await job.artifact("DeleteArtifact", { name: "a" })).status).toBe(404);
    expect((await job.upload("a", "3")).status).toBe(200);
    expect(await (await job.download("a")).text()).toBe("3");
  });

  it("lets a job begin an upload again that it did not finish, and no other job", async () => {
    const { client } = await openServices();
    const job = await client();
    await job.artifact("CreateArtifact", { name: "a", version: 7 });
    expect((await (await client({ jobKey: "other" })).upload("a", "theirs")).status).toBe(409);
    expect((await job.upload("a", "mine")).status).toBe(200);
  });

  it("gives a name to exactly one of many jobs that ask at once", async () => {
    const { client } = await openServices();
    const jobs = await Promise.all(Array.from({ length: 8 }, (_, i) => client({ jobKey: `job ${i}` })));
    const answers = await Promise.all(
      jobs.map((job) => job.artifact("CreateArtifact", { name: "a", version: 7 })),
    );
    expect(answers.map((a) => a.status).sort()).toEqual([200, ...Array(7).fill(409)]);
  });

  it("replaces what an earlier attempt of the same job made, but nothing of another job", async () => {
    const { client } = await openServices();
    await (await client()).upload("mine", "first try");
    await (await client({ jobKey: "other" })).upload("theirs", "x");
    const retry = await client({ attempt: 2 });
    expect((await retry.upload("mine", "second try")).status).toBe(200);
    expect((await retry.upload("theirs", "y")).status).toBe(409);
    expect(await (await retry.download("mine")).text()).toBe("second try");
  });

  it.each([
    ["a wrong size", { size: "8" }, "9 bytes arrived, 8 were sent"],
    ["a wrong hash", { size: "9", hash: sha256("other") }, "what arrived is sha256:"],
    ["a size of no number", { size: "nine" }, "size is a whole number"],
  ])("refuses to finish with %s, and keeps nothing", async (_, claim, message) => {
    const { client } = await openServices();
    const job = await client();
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    await put(String(body.signed_upload_url), "zip bytes");
    const end = await job.artifact("FinalizeArtifact", { name: "a", ...claim });
    expect(end).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
    expect(end.body.msg).toContain(message);
    expect((await job.artifact("ListArtifacts")).body.artifacts).toEqual([]);
  });

  it("checks the hash the client sends against what arrived", async () => {
    const { client } = await openServices();
    const job = await client();
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    await put(String(body.signed_upload_url), "zip bytes");
    const end = await job.artifact("FinalizeArtifact", { name: "a", size: "9", hash: sha256("zip bytes") });
    expect(end.status).toBe(200);
  });

  it("does not finish what was not begun, not uploaded, or is another job's", async () => {
    const { client } = await openServices();
    const job = await client();
    expect((await job.artifact("FinalizeArtifact", { name: "a" })).body.code).toBe("not_found");
    await job.artifact("CreateArtifact", { name: "a", version: 7 });
    const other = await client({ jobKey: "other" });
    expect((await other.artifact("FinalizeArtifact", { name: "a" })).status).toBe(404);
    expect((await job.artifact("FinalizeArtifact", { name: "a" })).body.msg).toContain("is not complete");
  });

  it.each([
    "",
    "a/b",
    "..\\b",
    "../../etc/passwd",
    "a:b",
    'a"',
    "a<",
    "a>",
    "a|b",
    "a*",
    "a?",
    "a\r",
    "a\nb",
    "a\0",
    "x".repeat(257),
  ])("refuses the name %j", async (name) => {
    const { client } = await openServices();
    const answer = await (await client()).artifact("CreateArtifact", { name, version: 7 });
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
  });

  it.each(["..", ".", ".hidden", "日本語 ü 🚢", "~", "-rf", "a.zip", "x".repeat(256), "CON", "%2e%2e"])(
    "keeps the odd name %j inside its folder",
    async (name) => {
      const { client, services, folder } = await openServices();
      const job = await client();
      expect((await job.upload(name, "content")).status).toBe(200);
      expect(await (await job.download(name)).text()).toBe("content");
      const [stored] = await services.listArtifacts("build-1");
      expect(stored?.name).toBe(name);
      expect(stored?.path.startsWith(join(folder, "artifacts/build-1/"))).toBe(true);
      expect(await readFile(stored?.path ?? "", "utf8")).toBe("content");
    },
  );

  it("keeps an artifact no longer than it was asked to, and never longer than the limit", async () => {
    const { client, services, time } = await openServices({ retentionDays: 10 });
    const job = await client();
    const in2Days = new Date(time.now + 2 * DAY).toISOString();
    for (const [name, expires_at] of [
      ["short", in2Days],
      ["long", "2099-01-01T00:00:00Z"],
    ] as const) {
      const { body } = await job.artifact("CreateArtifact", { name, version: 7, expires_at });
      await put(String(body.signed_upload_url), "x");
      await job.artifact("FinalizeArtifact", { name, size: "1" });
    }
    const names = async () => (await services.listArtifacts("build-1")).map((a) => a.name);
    expect(await names()).toEqual(["short", "long"]);
    time.now += 3 * DAY;
    expect(await names()).toEqual(["long"]);
    expect((await job.artifact("GetSignedArtifactURL", { name: "short" })).status).toBe(404);
    time.now += 8 * DAY;
    expect(await names()).toEqual([]);
  });

  it("refuses protocols older than version 4", async () => {
    const { client } = await openServices();
    const answer = await (await client()).artifact("CreateArtifact", { name: "a", version: 3 });
    expect(answer.body.msg).toContain("artifacts of version 3 are not served");
  });

  it("keeps at most 500 artifacts a job", async () => {
    const { client } = await openServices();
    const job = await client();
    const uploads = Array.from({ length: 500 }, (_, i) => job.upload(`a${i}`, "x"));
    const kept = (await Promise.all(uploads)).filter((answer) => answer.status === 200);
    expect(kept).toHaveLength(500);
    const answer = await job.artifact("CreateArtifact", { name: "one more", version: 7 });
    expect(answer).toMatchObject({ status: 507, body: { code: "resource_exhausted" } });
    expect((await (await client({ jobKey: "other" })).upload("theirs", "x")).status).toBe(200);
  });

  it("hides the artifacts of other builds", async () => {
    const { client } = await openServices();
    const theirs = await client({ buildId: "build-2" });
    await theirs.upload("secret", "x");
    const job = await client();
    expect((await job.artifact("ListArtifacts")).body.artifacts).toEqual([]);
    for (const method of ["ListArtifacts", "GetSignedArtifactURL", "DeleteArtifact", "CreateArtifact"]) {
      const answer = await job.artifact(method, { name: "secret", workflow_run_backend_id: theirs.runId });
      expect(answer).toMatchObject({ status: 403, body: { code: "permission_denied" } });
    }
    const imposter = { name: "b", version: 7, workflow_job_run_backend_id: theirs.jobId };
    expect((await job.artifact("CreateArtifact", imposter)).status).toBe(403);
  });

  it("still has the artifacts of a build after a restart", async () => {
    const fixture = await openServices();
    await (await fixture.client()).upload("a", "kept");
    await fixture.services.close();
    const job = await (await fixture.again()).client({ jobKey: "later" });
    expect(await (await job.download("a")).text()).toBe("kept");
  });
});
