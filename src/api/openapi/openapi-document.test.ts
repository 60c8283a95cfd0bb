import { describe, expect, it } from "vitest";
import { TestApi } from "../rest/api.fixture.ts";
import { ROUTES } from "../rest/route-table.ts";
import { type Documented, docsPage } from "./docs-page.ts";
import { openApiDocument } from "./openapi-document.ts";

const document = openApiDocument(ROUTES, "1.2.3") as unknown as Documented;
const text = JSON.stringify(document);

describe("openApiDocument", () => {
  it("has every route, once, with its rights and its answers", () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(
      ROUTES.map(({ id }) => id).sort(),
    );
    for (const { description, responses } of operations) {
      expect(description).toMatch(/Needs: /);
      expect(Object.keys(responses)).toContain("default");
    }
  });
  it("points only to schemas that it has", () => {
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? "");
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1] ?? "";
      expect(document.components.schemas).toHaveProperty(name);
    }
    expect(text).not.toContain("$defs");
  });
  it("names each parameter of a path", () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      for (const { parameters = [] } of Object.values(methods)) {
        const named = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
        expect([path, named.sort()]).toEqual([path, inPath]);
      }
    }
  });
  it("lets answers gain fields, and requests not", () => {
    const start = document.paths["/projects/{project}/pipelines"]?.post;
    expect(start?.requestBody?.content["application/json"]?.schema).toMatchObject({
      additionalProperties: false,
    });
    expect(document.components.schemas.Build).not.toHaveProperty("additionalProperties");
    expect(document.components.schemas.Job?.properties?.outputs).toHaveProperty("additionalProperties");
  });
});

describe("docsPage", () => {
  const page = docsPage(document);
  it("shows every route and problem without a script", () => {
    for (const { id, path } of ROUTES) {
      expect(page).toContain(`id="${id}"`);
      expect(page).toContain(`<code>${path}</code>`);
    }
    expect(page).toContain('id="idempotency-mismatch"');
  });
  it("asks nothing of another server, and leads nowhere that is not there", () => {
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });
});

describe("the served document", () => {
  it("is the generated one, and kept by its ETag", async () => {
    const api = await TestApi.start();
    const first = await api.call("GET", "/openapi.json", undefined, { token: null });
    expect(first.text).toBe(text);
    const headers = { "if-none-match": String(first.headers.etag) };
    expect((await api.call("GET", "/api/openapi.json", undefined, { token: null, headers })).status).toBe(
      304,
    );
    const page = await api.call("GET", "/api/docs", undefined, { token: null });
    expect(page.text).toBe(docsPage(document));
    await api.stop();
  });
});
