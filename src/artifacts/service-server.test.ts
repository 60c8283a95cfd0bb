import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServices } from "./service-server.ts";
import { JOB, JobClient, openServices, put, type ServicesFixture } from "./services.fixture.ts";

const CREATE = "/twirp/github.actions.results.api.v1.ArtifactService/CreateArtifact";
const WRITE_ID = { permissions: { "id-token": "write" } } as const;

/** The services still do their work: what a bad request must never end. */
async function expectAlive(fixture: ServicesFixture): Promise<void> {
  const job = await fixture.client({ jobKey: "after" });
  const name = `alive ${Math.random()}`;
  expect((await job.upload(name, "x")).status).toBe(200);
}

/** Sends bytes as they are and gives everything that comes back until the other side closes. */
async function raw(origin: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  socket.end(bytes);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await once(socket, "close");
  return text;
}

describe("startServices", () => {
  it("listens on 127.0.0.1 and gives addresses that end in a slash", async () => {
    const { services } = await openServices();
    const given = await services.servicesFor(JOB);
    for (const url of [given.resultsUrl, given.cacheUrl, given.runtimeUrl]) {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    }
    expect(given.idTokenRequestUrl).toBeUndefined();
    expect(given.idTokenRequestToken).toBeUndefined();
  });

  it.each([
    ["nothing", "", 401],
    ["no bearer", "Basic abc", 401],
    ["a made-up token", "Bearer abc", 401],
    ["a JWT of somebody else", "Bearer eyJhbGciOiJub25lIn0.e30.", 401],
  ])("refuses %s as authorization, on every route but the public ones", async (_, authorization, status) => {
    const job = await (await openServices()).client();
    for (const path of [
      CREATE,
      "/twirp/github.actions.results.api.v1.CacheService/CreateCacheEntry",
      "/_apis/artifactcache/cache?keys=a&version=v",
      "/oidc/token",
    ]) {
      const method = path.startsWith("/twirp") ? "POST" : "GET";
      const answer = await job.request(path, { method, headers: { authorization } });
      expect(answer).toMatchObject({ status, body: { code: "unauthenticated", msg: expect.any(String) } });
    }
  });

  it("refuses the token of a job that has ended, and of an expired one", async () => {
    const { client, services, time } = await openServices();
    const ended = await client();
    const expired = await client({ jobKey: "other" });
    await services.revoke(JOB);
    expect(await ended.artifact("ListArtifacts")).toMatchObject({
      status: 401,
      body: { msg: "the job this token belongs to has ended" },
    });
    expect((await expired.artifact("ListArtifacts")).status).toBe(200);
    time.now += 8 * 24 * 3600 * 1000;
    expect((await expired.artifact("ListArtifacts")).body.msg).toBe("the token expired");
  });

  it("drops a job's unfinished uploads when it has ended", async () => {
    const { client, services, folder } = await openServices();
    const job = await client();
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    await put(String(body.signed_upload_url), "half");
    await job.cache("CreateCacheEntry", { key: "k", version: "v" });
    const staged = async (of: string) =>
      (await readdir(join(folder, of, ".uploads"), { recursive: true })).length;
    expect(await staged("artifacts")).toBeGreaterThan(1);
    await services.revoke(JOB);
    expect([await staged("artifacts"), await staged("cache")]).toEqual([1, 1]);
    const other = await client({ jobKey: "other" });
    expect((await other.upload("a", "whole")).status).toBe(200);
    expect((await other.saveCache("k", "whole")).body.ok).toBe(true);
  });

  it("refuses another process's tokens, also one that served the same folder before", async () => {
    const fixture = await openServices();
    const old = await fixture.services.servicesFor(JOB);
    const fresh = await (await fixture.again()).client();
    const answer = await fresh.request(CREATE, {
      method: "POST",
      headers: { authorization: `Bearer ${old.runtimeToken}` },
    });
    expect(answer.status).toBe(401);
  });

  it.each([
    ["no JSON", "{", 400, "is not JSON"],
    ["nothing", "", 400, "is not JSON"],
    ["a list", "[]", 400, "is not a JSON object"],
    ["null", "null", 400, "is not a JSON object"],
    ["binary", "\u0000\u0001", 400, "is not JSON"],
    ["fields of the wrong kind", '{"name":{"value":1}}', 403, "another run"],
    ["two mebibytes", JSON.stringify({ name: "x".repeat(2_097_152) }), 507, "larger than 1048576 bytes"],
  ])("refuses a body of %s in clear words, and lives on", async (_, body, status, message) => {
    const fixture = await openServices();
    const job = await fixture.client();
    const headers = { "content-type": "application/json" };
    const answer = await job.request(CREATE, { method: "POST", headers, body });
    expect(answer.status).toBe(status);
    expect(answer.body.msg).toContain(message);
    await expectAlive(fixture);
  });

  it.each([
    ["GET", "/", 404],
    ["GET", "/nothing/here", 404],
    ["POST", "/twirp/", 404],
    ["POST", "/twirp/github.actions.results.api.v1.ArtifactService/Destroy", 404],
    ["POST", "/twirp/github.actions.results.api.v1.OtherService/CreateArtifact", 404],
    ["GET", "/twirp/github.actions.results.api.v1.ArtifactService/CreateArtifact", 400],
    ["GET", "/blobs/", 403],
    ["GET", "/blobs/artifacts/..%2f..%2fetc%2fpasswd", 403],
    ["POST", "/_apis/pipelines/workflows/1/artifacts?api-version=6.0-preview", 404],
    ["DELETE", "/.well-known/jwks", 404],
  ])("answers %s %s with %d and a reason", async (method, path, status) => {
    const job = await (await openServices()).client();
    const headers = { "content-type": "application/json" };
    const answer = await job.request(path, { method, headers, ...(method === "POST" && { body: "{}" }) });
    expect(answer.status).toBe(status);
    expect(answer.text.length).toBeGreaterThan(20);
  });

  it("says which version to use to who speaks the artifact protocol v3", async () => {
    const job = await (await openServices()).client();
    const answer = await job.request("/_apis/pipelines/workflows/1/artifacts");
    expect(answer.body.message).toContain("use actions/upload-artifact@v4");
  });

  it("refuses protobuf, which it does not read, by name", async () => {
    const job = await (await openServices()).client();
    const headers = { "content-type": "application/protobuf" };
    const answer = await job.request(CREATE, { method: "POST", headers, body: "x" });
    expect(answer.body.msg).toBe("CreateArtifact is called with application/json, not application/protobuf");
  });

  it("answers only under its own address, so that no web page can reach it under a name of its own", async () => {
    const { services } = await openServices();
    const { resultsUrl } = await services.servicesFor(JOB);
    const text = await raw(
      resultsUrl,
      "GET /.well-known/jwks HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
    );
    expect(text).toMatch(/^HTTP\/1\.1 403/);
  });

  it.each([
    ["no HTTP", "hello\r\n\r\n", "400"],
    ["a target that is no path", "GET http://x/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "400"],
    ["two slashes", "GET //evil/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "403"],
    ["a negative length", "PUT /blobs/a HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n", "400"],
  ])("answers %s with an error and lives on", async (_, bytes, status) => {
    const fixture = await openServices();
    const { resultsUrl } = await fixture.services.servicesFor(JOB);
    expect(await raw(resultsUrl, bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`));
    await expectAlive(fixture);
  });

  it("takes nothing from an upload that is cut off, and can be sent it again", async () => {
    const fixture = await openServices();
    const job = await fixture.client();
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    const url = String(body.signed_upload_url);
    const cut = httpRequest(url, { method: "PUT", headers: { "content-length": 1000 } });
    cut.on("error", () => undefined);
    await new Promise<void>((resolve) => cut.write("the beginning", () => resolve()));
    const closed = new Promise((resolve) => cut.on("close", resolve));
    cut.destroy();
    await closed;
    expect((await job.artifact("FinalizeArtifact", { name: "a", size: "1000" })).status).toBe(400);
    await put(url, "whole");
    expect((await job.artifact("FinalizeArtifact", { name: "a", size: "5" })).status).toBe(200);
  });

  it("lets a sender read why its large upload was refused", async () => {
    const fixture = await openServices({ cacheQuotaBytes: 1000 });
    const job = await fixture.client();
    const { body } = await job.cache("CreateCacheEntry", { key: "k", version: "v" });
    const answer = await put(String(body.signed_upload_url), new Uint8Array(20_000_000));
    expect([answer.status, answer.text.includes("larger than the limit")]).toEqual([507, true]);
    await expectAlive(fixture);
  });

  it("follows no link in its folder, wherever it leads", async () => {
    const fixture = await openServices();
    const outside = join(fixture.folder, "outside");
    await mkdir(outside);
    await symlink(outside, join(fixture.folder, "artifacts/build-1"));
    const answer = await (await fixture.client()).upload("a", "x");
    expect(answer).toMatchObject({ status: 403, body: { msg: expect.stringContaining("symbolic link") } });
    expect(await readdir(outside)).toEqual([]);
  });

  it("says what is wrong with its folder, at once", async () => {
    const fixture = await openServices();
    const file = join(fixture.folder, "file");
    await writeFile(file, "");
    await expect(startServices({ directory: join(file, "x"), clock: Date.now })).rejects.toMatchObject({
      name: "ExecError",
      message: expect.stringContaining(`cannot keep artifacts in ${file}/x`),
    });
  });

  it("says that nothing more fits on the disk, in an answer the clients do not try again on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-full-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const script = `
      import { startServices } from ${JSON.stringify(join(import.meta.dirname, "service-server.ts"))};
      const services = await startServices({ directory: ${JSON.stringify(folder)}, clock: Date.now });
      console.log(JSON.stringify(await services.servicesFor(${JSON.stringify(JOB)})));
      process.stdin.resume();
      process.stdin.on("end", () => process.exit());`;
    // No disk to fill at hand: a limit on the size of files stands for it.
    const full = spawn("bash", [
      "-c",
      'ulimit -f 1024; exec "$0" --input-type=module -e "$1"',
      process.execPath,
      script,
    ]);
    onTestFinished(() => void full.kill());
    const [line] = (await once(full.stdout, "data")) as [Buffer];
    const job = new JobClient(JSON.parse(line.toString()));
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    const answer = await put(String(body.signed_upload_url), new Uint8Array(4_000_000));
    expect(answer.status).toBe(507);
    expect(answer.text).toContain("cannot store the upload: the file is larger than this user may write");
    expect((await job.upload("small", "fits")).status).toBe(200);
  });

  it("gives nothing more after close, which may be called twice, or by a signal", async () => {
    const stop = new AbortController();
    const { services } = await openServices({ signal: stop.signal });
    const { resultsUrl } = await services.servicesFor(JOB);
    stop.abort();
    await services.close();
    await services.close();
    await expect(services.servicesFor(JOB)).rejects.toMatchObject({ code: "Cancelled" });
    await expect(fetch(resultsUrl)).rejects.toThrow();
  });

  it("removes expired artifacts of all builds when it starts", async () => {
    const fixture = await openServices();
    await (await fixture.client()).upload("a", "x");
    await fixture.services.close();
    const later = fixture.time.now + 91 * 24 * 3600 * 1000;
    const next = await startServices({ directory: join(fixture.folder, "artifacts"), clock: () => later });
    onTestFinished(() => next.close());
    const left = async () =>
      (await readdir(join(fixture.folder, "artifacts"))).filter((name) => !name.startsWith("."));
    await expect.poll(left).toEqual([]);
  });
});

describe("the id token service", () => {
  it("gives a token for an audience that its published keys check", async () => {
    const job = await (await openServices()).client(WRITE_ID);
    const { idTokenRequestUrl, idTokenRequestToken, resultsUrl } = job.services;
    const answer = await fetch(`${idTokenRequestUrl}&audience=sts.example.com`, {
      headers: { authorization: `Bearer ${idTokenRequestToken}` },
    });
    const { value } = (await answer.json()) as { value: string };
    const discovery = await (await fetch(`${resultsUrl}.well-known/openid-configuration`)).json();
    const { issuer, jwks_uri } = discovery as { issuer: string; jwks_uri: string };
    const jwks = await (await fetch(jwks_uri)).json();
    const { payload } = await jwtVerify(value, createLocalJWKSet(jwks as never), {
      issuer,
      audience: "sts.example.com",
      currentDate: new Date(Date.UTC(2026, 0, 1)),
    });
    expect(payload).toMatchObject({ sub: "repo:acme/app:ref:refs/heads/main", repository: "acme/app" });
  });

  it("takes no runtime token, and the runtime services take no id token's", async () => {
    const job = await (await openServices()).client(WRITE_ID);
    expect((await job.request("/oidc/token")).status).toBe(401);
    const answer = await job.request(CREATE, {
      method: "POST",
      headers: { authorization: `Bearer ${job.services.idTokenRequestToken}` },
    });
    expect(answer.status).toBe(401);
  });

  it("gives nothing to a job that has ended", async () => {
    const { client, services } = await openServices();
    const job = await client(WRITE_ID);
    await services.revoke(JOB);
    const answer = await fetch(String(job.services.idTokenRequestUrl), {
      headers: { authorization: `Bearer ${job.services.idTokenRequestToken}` },
    });
    expect(answer.status).toBe(401);
  });
});
