import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestApi, type TestRun } from "./api.fixture.ts";

let api: TestApi;
let run: TestRun;
let adminId: string;
beforeAll(async () => {
  api = await TestApi.start();
  adminId = (await api.deps.tokens.list())[0]?.id ?? "";
  run = await api.claim(await api.startBuild((await api.addProject({ name: "acme/shop" })).id));
  await run.addJob("test", { name: "<script>alert(1)</script>" });
});
afterAll(() => api.stop());

const get = (url: string, headers: Record<string, string> = {}) =>
  api.call("GET", `/${url}`, undefined, { token: null, headers });
async function signIn(): Promise<string> {
  const { code } = await api.deps.logins.createCode(adminId);
  const { status, headers } = await get(`/login?code=${code}`);
  expect([status, headers.location]).toEqual([303, "/"]);
  return String(headers["set-cookie"]).split(";")[0] ?? "";
}

describe("signing in", () => {
  it("takes a code once, and sets a cookie that scripts and other sites do not get", async () => {
    const { code } = await api.deps.logins.createCode(adminId);
    const first = await get(`/login?code=${code}`);
    expect(first.headers["set-cookie"]).toMatch(
      /^slipway_session=slw_[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
    );
    const second = await get(`/login?code=${code}`);
    expect([second.status, second.headers["set-cookie"]]).toEqual([401, undefined]);
    expect(second.headers["content-type"]).toMatch("text/html");
  });
  it("gives a link to whoever has a token, good once and with that token's rights", async () => {
    const token = await api.token("reader", ["project:read"]);
    const { status, headers, ...made } = await api.call("POST", "/login-links", undefined, { token });
    expect([status, headers["cache-control"]]).toEqual([201, "no-store"]);
    const { url, expiresAt } = made.json();
    expect(Date.parse(expiresAt)).toBeGreaterThan(api.deps.clock.now());
    const { pathname, search, origin } = new URL(url);
    expect(origin).toBe(api.deps.settings.publicUrl);
    const begun = await get(`${pathname}${search}`);
    const cookie = String(begun.headers["set-cookie"]).split(";")[0] ?? "";
    const who = await api.call("GET", "/me", undefined, { token: null, headers: { cookie } });
    expect(who.json()).toMatchObject({ permissions: ["project:read"] });
    expect((await get(`${pathname}${search}`)).status).toBe(401);
    expect((await api.call("POST", "/login-links", undefined, { token: null })).status).toBe(401);
  });
  it("does not spend the code on what only looks ahead", async () => {
    const { code } = await api.deps.logins.createCode(adminId);
    await get(`/login?code=${code}`, { "sec-purpose": "prefetch" });
    await api.call("HEAD", `//login?code=${code}`, undefined, { token: null });
    expect((await get(`/login?code=${code}`)).status).toBe(303);
  });
  it("is asked for by pages in words", async () => {
    const page = await get("/");
    expect([page.status, page.text]).toEqual([401, expect.stringContaining("one-time link")]);
  });
});

describe("a session's cookie", () => {
  const change = (headers: Record<string, string>) =>
    api.call("PUT", `/projects/${run.build.projectId}/variables/A`, { value: "1" }, { token: null, headers });
  it("reads from anywhere a browser sends it, and changes things only from the server's pages", async () => {
    const cookie = await signIn();
    expect((await api.call("GET", "/me", undefined, { token: null, headers: { cookie } })).status).toBe(200);
    for (const headers of [
      {},
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      const refused = await change({ cookie, ...headers });
      expect([refused.status, refused.json().code]).toEqual([403, "CrossSite"]);
    }
    expect((await change({ cookie, origin: "http://ci.example.com" })).status).toBe(200);
    expect((await change({ cookie, "sec-fetch-site": "same-origin" })).status).toBe(200);
  });
  it("does not stand in for a token that is no good", async () => {
    const cookie = await signIn();
    const headers = { cookie, authorization: "Bearer slw_wrong" };
    expect((await api.call("GET", "/me", undefined, { token: null, headers })).status).toBe(401);
  });
});

describe("pages", () => {
  it("lead from projects to a build, its jobs and its logs", async () => {
    const cookie = await signIn();
    const start = await get("/", { cookie });
    expect(start.text).toContain(`href="/builds/${run.build.id}"`);
    const project = await get(`/projects/${run.build.projectId}`, { cookie });
    expect(project.text).toContain("acme/shop");
    const build = await get(`/builds/${run.build.id}`, { cookie });
    expect(build.text).toContain("/logs?ansi=strip");
    expect(build.text).toContain("say hello");
  });
  it("show what others wrote as text, under a policy that runs no script but the server's own", async () => {
    const cookie = await signIn();
    const { text, headers } = await get(`/builds/${run.build.id}`, { cookie });
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).not.toContain("<script>alert");
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(text).not.toMatch(/<[^>]+ (style|on\w+)=/);
  });
  it("have scripts and styles that browsers keep", async () => {
    for (const name of ["pages.css", "build.js", "docs.js"]) {
      const first = await get(`/assets/${name}`);
      expect(first.status).toBe(200);
      const again = await get(`/assets/${name}`, { "if-none-match": String(first.headers.etag) });
      expect(again.status).toBe(304);
    }
  });
  it.each(["build.js", "docs.js"])("have a script that can be read: %s", async (name) => {
    const { text } = await get(`/assets/${name}`);
    expect(() => new Function(text)).not.toThrow();
  });
});

describe("badges", () => {
  it("are for everybody only where the project says so", async () => {
    const open = await api.addProject({ settings: { publicBadges: true } });
    const closed = await api.addProject();
    const badge = (project: string, headers = {}) =>
      get(`/api/v1/projects/${project}/badge.svg`.replace(/^\//, ""), headers);
    const shown = await badge(open.id);
    expect([shown.status, shown.headers["content-type"]]).toEqual([200, "image/svg+xml; charset=utf-8"]);
    expect(shown.text).toContain("no builds");
    expect((await badge(open.id, { "if-none-match": String(shown.headers.etag) })).status).toBe(304);
    const [hidden, missing] = [await badge(closed.id), await badge("no-such")];
    expect([hidden.status, missing.status]).toEqual([401, 401]);
    expect(hidden.json().detail).toBe(missing.json().detail);
  });
  it("tell the newest end, of the branch and pipeline asked for, in words that are escaped", async () => {
    const project = await api.addProject();
    const ended = await api.claim(await api.startBuild(project.id));
    await ended.endBuild("failed");
    await api.startBuild(project.id);
    const badge = async (query = "") =>
      (await api.call("GET", `/projects/${project.id}/badge.svg${query}`)).text;
    expect(await badge()).toContain("failing");
    expect(await badge("?pipeline=CI&branch=main")).toContain("CI: failing");
    expect(await badge("?branch=other")).toContain("no builds");
    const label = encodeURIComponent("<a&'\">");
    expect(await badge(`?label=${label}`)).toContain("&lt;a&amp;'&quot;&gt;");
  });
});
