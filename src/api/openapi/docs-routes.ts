import { createHash } from "node:crypto";
import { PAGE_HEADERS } from "../rest/pages/html.ts";
import { type ApiRoute, route } from "../rest/route.ts";
import { type Documented, docsPage } from "./docs-page.ts";
import { openApiDocument } from "./openapi-document.ts";

/** The document and its page. Both say nothing that the source does not, and need no token. */
export function docsRoutes(routes: readonly ApiRoute[], version: string): readonly ApiRoute[] {
  // Made when first asked for: it is a tenth of a second that a start can do without.
  let made: { readonly document: string; readonly page: string; readonly etag: string } | undefined;
  const make = () => {
    if (made === undefined) {
      const described = openApiDocument(routes, version);
      const document = JSON.stringify(described);
      const etag = `"${createHash("sha256").update(document).digest("base64url").slice(0, 22)}"`;
      made = { document, page: docsPage(described as unknown as Documented), etag };
    }
    return made;
  };
  const access = { of: "public" } as const;
  return [
    route({
      id: "openapi",
      method: "GET",
      path: "/openapi.json",
      tag: "Documentation",
      summary: "This API as OpenAPI 3.1",
      access,
      responses: { 200: { description: "The document.", contentType: "application/json" } },
      async handle(_input, call) {
        const { document, etag } = make();
        const headers = {
          "content-type": "application/json; charset=utf-8",
          "cache-control": "no-cache",
          etag,
        };
        if (call.header("if-none-match") === etag) return { status: 304, headers };
        return { status: 200, headers, text: document };
      },
    }),
    route({
      id: "docs",
      method: "GET",
      path: "/docs",
      tag: "Documentation",
      summary: "This API as a page",
      access,
      responses: { 200: { description: "The page.", contentType: "text/html" } },
      handle: async () => ({
        status: 200,
        headers: { ...PAGE_HEADERS, "cache-control": "no-cache" },
        text: make().page,
      }),
    }),
  ];
}
