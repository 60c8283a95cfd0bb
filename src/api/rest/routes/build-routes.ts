import { z } from "zod";
import { json } from "../answer.ts";
import { buildIdOf } from "../build-id.ts";
import { buildInProject } from "../build-in-project.ts";
import { buildParams, fullRef, projectParam, text } from "../inputs.ts";
import { route } from "../route.ts";
import { buildDetailSchema, liveBuild } from "../views/build-detail-view.ts";
import { BUILD_STATUSES, buildSchema, buildView, TRIGGERS } from "../views/build-view.ts";
import { graphSchema, graphView } from "../views/graph-view.ts";
import { buildPath, jobSchema } from "../views/job-view.ts";
import { listOf, pageOf, pageQuery, pageView, present } from "../views/schema.ts";

const value = z.union([text(65_536, 0), z.number(), z.boolean()]).transform(String);
const statuses = z
  .string()
  .max(200)
  .transform((list) => list.split(","))
  .pipe(z.array(z.enum(BUILD_STATUSES)));

const startBody = z.strictObject({
  pipeline: text(500).optional().describe("Id, name or path of the definition; absent: the only one."),
  gitRef: text(500).optional().describe("Branch, tag, full ref or commit; absent: the default branch."),
  event: text(100).optional().describe("`workflow_dispatch` where absent."),
  inputs: z.record(text(200), value).optional(),
  variables: z.record(text(255), value).optional().describe("Before the project's own of the same name."),
  jobs: z.array(text(200)).min(1).max(1000).optional().describe("Only these and what they need."),
});

const READ = { of: "project", permission: "project:read" } as const;

export const buildRoutes = [
  route({
    id: "startBuild",
    method: "POST",
    path: "/projects/{project}/pipelines",
    tag: "Builds",
    summary: "Start a build",
    access: { of: "project", permission: "project:write" },
    hot: true,
    params: projectParam,
    body: startBody,
    bodyOptional: true,
    responses: { 201: { description: "It waits for a worker.", schema: buildSchema } },
    async handle({ body }, call, { pipelines }) {
      const { pipeline, gitRef, event, inputs, variables, jobs } = body;
      const build = await pipelines.startPipelineBuild(call.principal, {
        projectId: call.projectId,
        ...present({
          pipeline,
          gitRef,
          event,
          inputs,
          vars: variables,
          onlyJobs: jobs,
          buildId: buildIdOf(call),
        }),
        trigger: "api",
      });
      return json(201, buildView(build), { location: buildPath(build.projectId, build.id) });
    },
  }),
  route({
    id: "listBuilds",
    method: "GET",
    path: "/projects/{project}/pipelines",
    tag: "Builds",
    summary: "Builds of a project, newest first",
    access: READ,
    params: projectParam,
    query: pageQuery.extend({
      status: statuses.optional().describe("One or more, with commas."),
      ref: text(500).optional().describe("Full ref, or a branch."),
      trigger: z.enum(TRIGGERS).optional(),
      pipeline: text(500).optional().describe("Id, name or path of a definition."),
      sha: z
        .string()
        .regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
        .optional(),
      latestAttempt: z.enum(["true", "false"]).optional().describe("true: only the newest attempt of each."),
      number: z.coerce.number().int().min(1).max(2_147_483_647).optional().describe("Every attempt has it."),
    }),
    responses: { 200: { description: "A page of them.", schema: pageOf(buildSchema) } },
    async handle({ query }, { projectId }, { executor, store }) {
      const { cursor, limit, status, ref, trigger, pipeline, sha, latestAttempt, number } = query;
      const filter = present({
        projectId,
        status,
        ref: ref === undefined ? undefined : fullRef(ref),
        trigger,
        sha,
        pipelineId:
          pipeline === undefined ? undefined : (await store.projects.findPipeline(projectId, pipeline)).id,
        latestAttempt: latestAttempt === undefined ? undefined : latestAttempt === "true",
        number,
      });
      return json(200, pageView(await executor.listBuilds(filter, present({ cursor, limit })), buildView));
    },
  }),
  route({
    id: "getBuild",
    method: "GET",
    path: "/projects/{project}/pipelines/{pipeline}",
    tag: "Builds",
    summary: "A build with its jobs and steps",
    description: "Has an `ETag`; `If-None-Match` is answered by 304 where nothing changed.",
    access: READ,
    hot: true,
    params: buildParams,
    responses: {
      200: { description: "The build.", schema: buildDetailSchema },
      304: { description: "It is as the `ETag` says." },
    },
    async handle({ params }, call, { executor, store }) {
      const known = call.header("if-none-match");
      // Asked first only where it may save the rest.
      const record = known === undefined ? undefined : await buildInProject(call, store, params.pipeline);
      const attemptsNow = async (rootId: string) => (await store.builds.attempts(rootId)).map(buildView);
      if (record !== undefined) {
        const attempts = await attemptsNow(record.rootId);
        const etag = etagOf(record, attempts);
        if (known?.split(",").some((each) => each.trim() === etag)) return { status: 304, headers: { etag } };
      }
      const view = await executor.getBuild(params.pipeline);
      call.requireIn(view.build.projectId);
      const [detail, attempts] = await Promise.all([
        liveBuild(view, store.builds),
        attemptsNow(view.build.rootId),
      ]);
      const headers = { etag: etagOf(view.build, attempts), "cache-control": "private, no-cache" };
      return json(200, { ...detail, attempts: attempts.map(attemptOf) }, headers);
    },
  }),
  route({
    id: "getBuildById",
    method: "GET",
    path: "/builds/{build}",
    tag: "Builds",
    summary: "A build by its id alone",
    access: { of: "build", permission: "project:read" },
    params: z.object({ build: text(300) }),
    responses: { 200: { description: "The build.", schema: buildDetailSchema } },
    async handle(_input, { build }, { executor, store }) {
      const view = await executor.getBuild(build.id);
      const [detail, attempts] = await Promise.all([
        liveBuild(view, store.builds),
        store.builds.attempts(build.rootId),
      ]);
      return json(200, { ...detail, attempts: attempts.map((each) => attemptOf(buildView(each))) });
    },
  }),
  route({
    id: "getBuildGraph",
    method: "GET",
    path: "/builds/{build}/graph",
    tag: "Builds",
    summary: "The jobs of a build as a graph",
    access: { of: "build", permission: "project:read" },
    params: z.object({ build: text(300) }),
    responses: { 200: { description: "Nodes and edges.", schema: graphSchema } },
    async handle(_input, { build }, { store }) {
      return json(200, graphView(build, await store.builds.jobs(build.id)));
    },
  }),
  route({
    id: "listJobs",
    method: "GET",
    path: "/projects/{project}/pipelines/{pipeline}/jobs",
    tag: "Builds",
    summary: "The jobs of a build, with their steps",
    access: READ,
    hot: true,
    params: buildParams,
    responses: { 200: { description: "In their order, every attempt.", schema: listOf(jobSchema) } },
    async handle({ params }, call, { executor, store }) {
      const view = await executor.getBuild(params.pipeline);
      call.requireIn(view.build.projectId);
      return json(200, { items: (await liveBuild(view, store.builds)).jobs });
    },
  }),
  route({
    id: "listAttempts",
    method: "GET",
    path: "/projects/{project}/pipelines/{pipeline}/attempts",
    tag: "Builds",
    summary: "All attempts at a build, oldest first",
    access: READ,
    hot: true,
    params: buildParams,
    responses: { 200: { description: "Each is a build of its own.", schema: listOf(buildSchema) } },
    async handle({ params }, call, { store }) {
      const { rootId } = await buildInProject(call, store, params.pipeline);
      return json(200, { items: (await store.builds.attempts(rootId)).map(buildView) });
    },
  }),
];

type Summary = ReturnType<typeof buildView>;

function attemptOf({ id, attempt, status, createdAt, startedAt, finishedAt, durationMs }: Summary) {
  return present({ id, attempt, status, createdAt, startedAt, finishedAt, durationMs });
}

/** Attempts that came later, and how far they are, show in a build too. */
function etagOf(build: { id: string; version: number }, attempts: readonly Summary[]): string {
  return `W/"${build.version}-${attempts.map(({ version }) => version).join(".")}"`;
}
