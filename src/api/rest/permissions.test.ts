import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docsRoutes } from "../openapi/docs-routes.ts";
import { TestApi } from "./api.fixture.ts";
import { pageRoutes } from "./page-routes.ts";
import { rootRoutes } from "./root-routes.ts";
import type { ApiRoute } from "./route.ts";
import { ROUTES } from "./route-table.ts";

/** Every route, with where it is served. */
const ALL: readonly (readonly [prefix: string, route: ApiRoute])[] = [
  ...[...ROUTES, ...docsRoutes(ROUTES, "0")].map((route) => ["/api/v1", route] as const),
  ...[...rootRoutes, ...pageRoutes].map((route) => ["", route] as const),
];
/** What needs no token; `metrics` asks for one itself. */
const PUBLIC = [
  "openapi",
  "docs",
  "healthz",
  "readyz",
  "metrics",
  "login",
  "asset:pages.css",
  "asset:build.js",
  "asset:docs.js",
];

let api: TestApi;
/** Of a project that the tokens below have nothing to do with. */
let foreign: Record<string, string>;
let own: Record<string, string>;
const tokens: Record<string, string> = {};
beforeAll(async () => {
  // The answers to rubbish are no subject of declarations here.
  api = await TestApi.start();
  const [mine, other] = [await api.addProject(), await api.addProject()];
  const paths = async (project: string) => {
    const build = await api.startBuild(project);
    const run = await api.claim(build);
    const { jobId, stepId } = await run.addJob();
    const webhook = await api.call("POST", `/projects/${project}/webhooks`, { url: "https://example.com" });
    return {
      project,
      pipeline: build.id,
      build: build.id,
      job: jobId,
      step: stepId,
      webhook: webhook.json().id,
      definition: "CI",
      name: "A",
    };
  };
  own = await paths(mine.id);
  foreign = await paths(other.id);
  tokens.reader = await api.token("reader", ["project:read"], mine.id);
  tokens.writer = await api.token("writer", ["project:write"], mine.id);
  tokens.everywhere = await api.token("everywhere", ["project:read"]);
});
afterAll(() => api.stop());

const fill = (prefix: string, { path }: ApiRoute, values: Record<string, string>) =>
  `${prefix === "" ? "/" : ""}${prefix}${path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(values[name] ?? "x"))}`;
const request = (route: ApiRoute, url: string, token: string | null, body?: unknown) =>
  api.call(route.method, url, body ?? (route.body === undefined ? undefined : {}), { token });

describe("every route", () => {
  it("is named once", () => {
    const names = ALL.map(([, { id }]) => id);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(60);
  });

  it("needs a token, but for those that are meant not to", async () => {
    const open: string[] = [];
    for (const [prefix, route] of ALL) {
      const { status } = await request(route, fill(prefix, route, own), null);
      if (status !== 401) open.push(route.id);
    }
    // It does ask, in words of its own.
    expect([...open, "metrics"].sort()).toEqual([...PUBLIC].sort());
    expect(
      ALL.filter(([, { access }]) => access.of === "public")
        .map(([, { id }]) => id)
        .sort(),
    ).toEqual([...PUBLIC].sort());
  });

  it("hides what belongs to another project", async () => {
    for (const [prefix, route] of ALL) {
      if (route.access.of !== "project" && route.access.of !== "build" && route.access.of !== "badge")
        continue;
      const { status, text } = await request(route, fill(prefix, route, foreign), tokens.writer ?? "");
      expect([route.id, status]).toEqual([route.id, 404]);
      const missing = await request(
        route,
        fill(prefix, route, { ...foreign, project: "no", build: "no" }),
        tokens.writer ?? "",
      );
      // Whether it is there or not must not show.
      const words = (answer: string) =>
        /"detail":"([^"]*)"/.exec(answer)?.[1] ?? answer.replaceAll(/request [\w-]+/g, "");
      expect([route.id, words(missing.text)]).toEqual([route.id, words(text)]);
    }
  });

  it("that changes something refuses a reader, and what is the server's one of a project", async () => {
    for (const [prefix, route] of ALL) {
      const { access } = route;
      if (!("permission" in access)) continue;
      const tooWeak =
        access.of === "server"
          ? tokens.writer
          : access.permission === "project:read"
            ? undefined
            : tokens.reader;
      if (tooWeak === undefined) continue;
      const { status } = await request(route, fill(prefix, route, own), tooWeak);
      expect([route.id, status]).toEqual([route.id, 403]);
    }
  });

  it("that only reads takes a reader of every project", async () => {
    const refused: string[] = [];
    for (const [prefix, route] of ALL) {
      const { access } = route;
      // Followed for ever.
      if (!("permission" in access) || access.permission !== "project:read" || route.id === "watchBuild")
        continue;
      const { status } = await request(route, fill(prefix, route, own), tokens.everywhere ?? "");
      if (status === 401 || status === 403) refused.push(route.id);
    }
    expect(refused).toEqual([]);
  });

  it("uses no method but GET to read", () => {
    const changing = ALL.filter(
      ([, { method, access }]) =>
        method !== "GET" && (!("permission" in access) || access.permission === "project:read"),
    );
    // It makes something, with no right that its caller has not.
    expect([...new Set(changing.map(([, { id }]) => id))]).toEqual(["createLoginLink"]);
  });
});

describe("rubbish", () => {
  const rubbish = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "\0",
      "..",
      ".",
      "%00",
      "'",
      "\u{1f600}",
      "\ud800",
      "a".repeat(400),
      "-1",
      "1e400",
      "null",
      "__proto__",
    ),
  );
  const encode = (text: string) => {
    const encoded = encodeURIComponent(text.toWellFormed());
    // Node refuses these before a request is made.
    return encoded === "" || /^\.{1,2}$/.test(encoded) ? "%2E" : encoded;
  };
  it.each(
    ALL.filter(([, { id }]) => id !== "watchBuild").map(
      ([prefix, route]) => [route.id, prefix, route] as const,
    ),
  )("is never an error of the server's: %s", async (_id, prefix, route) => {
    const property = fc.asyncProperty(
      fc.record({
        path: fc.dictionary(
          fc.constantFrom("project", "pipeline", "build", "step", "job", "name", "webhook", "token"),
          rubbish,
          { maxKeys: 2 },
        ),
        query: fc.dictionary(
          fc.constantFrom(
            "limit",
            "cursor",
            "status",
            "ref",
            "offset",
            "key",
            "branch",
            "code",
            "direct",
            "environment",
            "sha",
          ),
          rubbish,
          { maxKeys: 2 },
        ),
        body: fc.oneof(
          fc.json({ maxDepth: 2 }),
          fc
            .dictionary(
              fc.constantFrom(
                "name",
                "value",
                "url",
                "events",
                "permissions",
                "inputs",
                "pipeline",
                "gitRef",
                "settings",
                "what",
                "job",
                "reviewers",
                "secret",
                "path",
                "repositoryUrl",
              ),
              fc.oneof(rubbish, fc.jsonValue({ maxDepth: 2 })),
            )
            .map((body) => JSON.stringify(body)),
        ),
      }),
      async ({ path, query, body }) => {
        const values: Record<string, string> = { ...own };
        const url = `${prefix}${route.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
          encode(path[name] ?? values[name] ?? "x"),
        )}?${new URLSearchParams(Object.entries(query).map(([key, value]): [string, string] => [key, value.toWellFormed()]))}`;
        const withBody = route.method !== "GET" && route.method !== "DELETE";
        const response = await api.app.inject({
          method: route.method,
          url,
          headers: {
            authorization: `Bearer ${api.admin}`,
            ...(withBody && { "content-type": "application/json" }),
          },
          ...(withBody && { payload: body }),
        });
        if (response.statusCode >= 500) throw new Error(`${url} ${body}: ${response.payload}`);
      },
    );
    await fc.assert(property, { numRuns: 15, seed: 7 });
  });
});
