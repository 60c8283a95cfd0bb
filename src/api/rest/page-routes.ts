import { createHash } from "node:crypto";
import { z } from "zod";
import { ExecError } from "../../errors.ts";
import { requirePermission } from "../../identity/require-permission.ts";
import { DOCS_SCRIPT } from "../openapi/docs-script.ts";
import type { Answer } from "./answer.ts";
import { sessionCookie } from "./credentials.ts";
import { text } from "./inputs.ts";
import { buildPage } from "./pages/build-page.ts";
import { BUILD_SCRIPT } from "./pages/build-script.ts";
import { PAGE_HEADERS } from "./pages/html.ts";
import { PAGES_CSS } from "./pages/pages-css.ts";
import { projectPage, startPage } from "./pages/start-page.ts";
import { type ApiRoute, route } from "./route.ts";
import { liveBuild } from "./views/build-detail-view.ts";

const TAG = "Pages";
const PUBLIC = { of: "public" } as const;
const HTML = { 200: { description: "A page.", contentType: "text/html" } };
const pageOf = (body: string): Answer => ({ status: 200, headers: PAGE_HEADERS, text: body });
const PROJECTS_ON_PAGE = 50;

/** What people open in a browser until there is the real user interface. */
export const pageRoutes: readonly ApiRoute[] = [
  route({
    id: "login",
    method: "GET",
    path: "/login",
    tag: TAG,
    summary: "Begin a session with a one-time code",
    access: PUBLIC,
    query: z.object({ code: text(200) }),
    responses: { 303: { description: "To the start page, with the session's cookie." } },
    async handle({ query: { code } }, call, { logins, clock, settings }) {
      // What only looks ahead must not spend the code.
      const looksAhead = /prefetch|prerender/.test(`${call.header("sec-purpose")} ${call.header("purpose")}`);
      const session = looksAhead || call.method === "HEAD" ? undefined : await logins.redeem(code);
      if (session === undefined) {
        throw new ExecError("Unauthorized", "This link was used already, or is too old. Ask for a new one.");
      }
      const maxAgeS = Math.max(0, Math.floor((session.expiresAt - clock.now()) / 1000));
      return {
        status: 303,
        headers: {
          location: "/",
          "set-cookie": sessionCookie(session.bearer, maxAgeS, settings.publicUrl),
          "cache-control": "no-store",
          "referrer-policy": "no-referrer",
        },
      };
    },
  }),
  route({
    id: "startPage",
    method: "GET",
    path: "/",
    tag: TAG,
    summary: "Projects and their last builds",
    access: { of: "any" },
    responses: HTML,
    async handle(_input, { principal }, { store, executor, clock }) {
      const { projectId } = principal;
      requirePermission(principal, "project:read", projectId);
      const projects =
        projectId === undefined
          ? (await store.projects.listProjects({ limit: PROJECTS_ON_PAGE })).items
          : [await store.projects.getProject(projectId)];
      const shown = await Promise.all(
        projects.map(async (project) => ({
          project,
          builds: (await executor.listBuilds({ projectId: project.id, latestAttempt: true }, { limit: 5 }))
            .items,
        })),
      );
      return pageOf(startPage(shown, clock.now()));
    },
  }),
  route({
    id: "projectPage",
    method: "GET",
    path: "/projects/{project}",
    tag: TAG,
    summary: "A project's last builds",
    access: { of: "project", permission: "project:read" },
    params: z.object({ project: text(300) }),
    responses: HTML,
    async handle(_input, { project }, { executor, clock }) {
      const { items } = await executor.listBuilds({ projectId: project.id }, { limit: 50 });
      return pageOf(projectPage(project, items, clock.now()));
    },
  }),
  route({
    id: "buildPage",
    method: "GET",
    path: "/builds/{build}",
    tag: TAG,
    summary: "A build with its logs",
    access: { of: "build", permission: "project:read" },
    params: z.object({ build: text(300) }),
    responses: HTML,
    async handle(_input, { build }, { executor, store }) {
      const [view, project] = await Promise.all([
        executor.getBuild(build.id),
        store.projects.getProject(build.projectId),
      ]);
      return pageOf(buildPage(await liveBuild(view, store.builds), project));
    },
  }),
  asset("pages.css", "text/css", PAGES_CSS),
  asset("build.js", "text/javascript", BUILD_SCRIPT),
  asset("docs.js", "text/javascript", DOCS_SCRIPT),
];

function asset(name: string, contentType: string, body: string): ApiRoute {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const headers = { "content-type": `${contentType}; charset=utf-8`, "cache-control": "no-cache", etag };
  return route({
    id: `asset:${name}`,
    method: "GET",
    path: `/assets/${name}`,
    tag: "Assets",
    summary: name,
    access: PUBLIC,
    responses: { 200: { description: "The file.", contentType } },
    handle: async (_input, call) =>
      call.header("if-none-match") === etag ? { status: 304, headers } : { status: 200, headers, text: body },
  });
}
