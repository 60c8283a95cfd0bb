import { z } from "zod";
import type { Principal } from "../../../identity/principal.ts";
import { requirePermission } from "../../../identity/require-permission.ts";
import { json } from "../answer.ts";
import { buildInProject } from "../build-in-project.ts";
import type { Call } from "../call.ts";
import { buildParams, text } from "../inputs.ts";
import { type ApiParts, type ApiRoute, route } from "../route.ts";
import { approvalSchema, approvalView } from "../views/build-detail-view.ts";
import { buildSchema, buildView } from "../views/build-view.ts";
import { buildPath } from "../views/job-view.ts";
import { listOf, present } from "../views/schema.ts";

const WRITE = { of: "project", permission: "project:write" } as const;
const path = (action: string) => `/projects/{project}/pipelines/{pipeline}/${action}`;
const decisionBody = z.strictObject({
  environment: text(255).optional().describe("Absent: every job that waits and that you may decide for."),
  comment: text(2000, 0).optional(),
});

export const buildActionRoutes: readonly ApiRoute[] = [
  route({
    id: "cancelBuild",
    method: "POST",
    path: path("cancel"),
    tag: "Builds",
    summary: "Cancel a build",
    description: "From any state, and as often as you like; a build that has ended stays as it is.",
    access: WRITE,
    hot: true,
    params: buildParams,
    body: z.strictObject({ reason: text(500).optional() }),
    bodyOptional: true,
    responses: { 200: { description: "The build; it may need a while to end.", schema: buildSchema } },
    async handle({ params, body }, call, { executor, store }) {
      await buildInProject(call, store, params.pipeline);
      const reason = body.reason ?? `cancelled by ${call.principal.name}`;
      return json(200, buildView(await executor.cancelBuild(params.pipeline, reason)));
    },
  }),
  route({
    id: "rerunBuild",
    method: "POST",
    path: path("rerun"),
    tag: "Builds",
    summary: "Run a build again",
    description: "A new attempt; the old one stays as it was. `Conflict` while an attempt runs.",
    access: WRITE,
    hot: true,
    params: buildParams,
    body: z
      .strictObject({
        what: z.enum(["all", "failed", "job"]).default("all"),
        job: text(500).optional().describe("For `job`: its key. Those that need it run again too."),
        debug: z
          .boolean()
          .default(false)
          .describe(
            "With debug logs, as if the variable `ACTIONS_STEP_DEBUG` were true: this attempt alone.",
          ),
      })
      .refine(({ what, job }) => (what === "job") === (job !== undefined), {
        path: ["job"],
        message: "is given with `what: job`, and only then",
      }),
    bodyOptional: true,
    responses: { 201: { description: "The new attempt.", schema: buildSchema } },
    async handle({ params, body }, call, { executor, store }) {
      await buildInProject(call, store, params.pipeline);
      const build = await executor.rerunBuild({
        buildId: params.pipeline,
        actor: call.principal.name,
        what: body.what === "job" ? { kind: "job", key: body.job ?? "" } : { kind: body.what },
        ...(body.debug && { debug: true }),
      });
      return json(201, buildView(build), { location: buildPath(build.projectId, build.id) });
    },
  }),
  route({
    id: "approveBuild",
    method: "POST",
    path: path("approve"),
    tag: "Builds",
    summary: "Approve jobs that wait for a reviewer",
    access: WRITE,
    hot: true,
    params: buildParams,
    body: decisionBody,
    bodyOptional: true,
    responses: { 200: { description: "What was decided.", schema: listOf(approvalSchema) } },
    handle: ({ params, body }, call, parts) => decide(params.pipeline, true, body, call, parts),
  }),
  route({
    id: "rejectBuild",
    method: "POST",
    path: path("reject"),
    tag: "Builds",
    summary: "Reject jobs that wait for a reviewer",
    access: WRITE,
    hot: true,
    params: buildParams,
    body: decisionBody,
    bodyOptional: true,
    responses: { 200: { description: "What was decided.", schema: listOf(approvalSchema) } },
    handle: ({ params, body }, call, parts) => decide(params.pipeline, false, body, call, parts),
  }),
];

async function decide(
  buildId: string,
  approve: boolean,
  body: z.output<typeof decisionBody>,
  call: Call,
  { executor, store }: ApiParts,
) {
  await buildInProject(call, store, buildId);
  const decided = await executor.decide({
    buildId,
    by: call.principal.name,
    override: isAdmin(call.principal),
    approve,
    ...present(body),
  });
  return json(200, { items: decided.map(approvalView) });
}

function isAdmin(principal: Principal): boolean {
  try {
    requirePermission(principal, "admin");
    return true;
  } catch {
    return false;
  }
}
