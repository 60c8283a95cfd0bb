import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import type { StepRecord } from "../../../store/job-record.ts";
import { EVENT_STREAM_HEADERS, eventStream } from "../../live/event-stream.ts";
import { logEvents } from "../../live/log-events.ts";
import { type Answer, disposition } from "../answer.ts";
import { buildInProject } from "../build-in-project.ts";
import type { Call } from "../call.ts";
import { buildParams, flag, idParam } from "../inputs.ts";
import { jobLog } from "../job-log.ts";
import { logsZip } from "../logs-zip.ts";
import { plainLog } from "../plain-log.ts";
import { rangeOf } from "../range.ts";
import { type ApiParts, route } from "../route.ts";

const base = "/projects/{project}/pipelines/{pipeline}";
const READ = { of: "project", permission: "project:read" } as const;
const TEXT = "text/plain; charset=utf-8";
const shape = {
  timestamps: flag.describe("The time before each line."),
  ansi: z.enum(["keep", "strip"]).default("keep").describe("`strip`: without colours and other sequences."),
};
const stepQuery = z.object({
  ...shape,
  follow: flag.describe("Go on until the log has ended."),
  offset: z.coerce.number().int().min(0).optional().describe("First byte; `Range` does the same."),
});

export const logRoutes = [
  route({
    id: "getStepLog",
    method: "GET",
    path: `${base}/steps/{step}/logs`,
    tag: "Logs",
    summary: "The log of a step, whether it has ended or not",
    description: [
      "Plain text, or with `Accept: text/event-stream` events: `log` with `{offset, end, at, text}`, the id of each the byte after it, so that `Last-Event-ID` (which `EventSource` sends by itself) resumes without a gap or a repeat; then `end` with `{sizeBytes}`. Events follow the log by themselves.",
      "`Range` takes bytes of the log as it was printed; with `timestamps` or `ansi=strip` it is left out, and `offset` still counts bytes as printed. A log that is followed and cut off (the server stops, the token is revoked) ends without its last chunk: it never looks whole.",
    ].join("\n\n"),
    access: READ,
    hot: true,
    params: buildParams.extend({ step: idParam.describe("`id` of the step.") }),
    query: stepQuery,
    responses: {
      200: { description: "The log.", contentType: ["text/plain", "text/event-stream"] },
      206: { description: "The range of it.", contentType: "text/plain" },
    },
    async handle({ params, query }, call, parts): Promise<Answer> {
      const step = await stepOf(params, call, parts);
      if (step.log.kept === "expired") throw new ExecError("NotFound", "The log was deleted by retention.");
      return wantsEvents(call) ? events(step, query, call, parts) : text(step, query, call, parts);
    },
  }),
  route({
    id: "getJobLog",
    method: "GET",
    path: `${base}/jobs/{job}/logs`,
    tag: "Logs",
    summary: "The logs of all steps of a job, as one text",
    access: READ,
    hot: true,
    params: buildParams.extend({ job: idParam.describe("`id` of the job.") }),
    query: z.object(shape),
    responses: { 200: { description: "One step after the other.", contentType: "text/plain" } },
    async handle({ params, query }, call, parts): Promise<Answer> {
      const build = await buildInProject(call, parts.store, params.pipeline);
      const job = await parts.store.builds.job(params.job);
      if (job.buildId !== build.id) throw new ExecError("NotFound", "The build has no such job.");
      const steps = await parts.store.builds.stepsOfJob(job.carriedFrom ?? job.id);
      const fileName = `${build.number}.${build.attempt}-${job.key}.log`;
      return {
        status: 200,
        headers: { "content-type": TEXT, "content-disposition": disposition("inline", fileName) },
        stream: (signal) => jobLog(steps, shapeOf(query), parts.executor, signal),
      };
    },
  }),
  route({
    id: "getBuildLogs",
    method: "GET",
    path: `${base}/logs.zip`,
    tag: "Logs",
    summary: "All logs of a build as a zip",
    description: "A folder for each job, a file for each step.",
    access: READ,
    hot: true,
    params: buildParams,
    query: z.object(shape),
    responses: { 200: { description: "A zip.", contentType: "application/zip" } },
    async handle({ params, query }, call, parts): Promise<Answer> {
      const build = await buildInProject(call, parts.store, params.pipeline);
      const jobs = await parts.store.builds.jobs(build.id);
      return {
        status: 200,
        headers: {
          "content-type": "application/zip",
          "content-disposition": disposition("attachment", `logs-${build.number}.${build.attempt}.zip`),
        },
        stream: (signal) => logsZip(jobs, shapeOf(query), parts, signal),
      };
    },
  }),
];

type Query = z.output<typeof stepQuery>;

const shapeOf = ({ timestamps, ansi }: Pick<Query, "timestamps" | "ansi">) => ({
  timestamps,
  stripAnsi: ansi === "strip",
});

/** The step, if it is the build's, or of an earlier attempt at it whose end stands. */
async function stepOf(
  { pipeline, step: id }: { readonly pipeline: string; readonly step: string },
  call: Call,
  { store }: ApiParts,
): Promise<StepRecord> {
  const [build, step] = await Promise.all([buildInProject(call, store, pipeline), store.builds.step(id)]);
  if (step.buildId === build.id) return step;
  const other = await store.builds.get(step.buildId);
  if (other.rootId === build.rootId) return step;
  throw new ExecError("NotFound", "The build has no such step.");
}

const wantsEvents = (call: Call) => /\btext\/event-stream\b/i.test(call.header("accept") ?? "");

function events(step: StepRecord, { ansi, offset }: Query, call: Call, parts: ApiParts): Answer {
  const last = call.header("last-event-id");
  const from = last !== undefined && /^\d{1,15}$/.test(last) ? Number(last) : (offset ?? 0);
  return {
    status: 200,
    headers: EVENT_STREAM_HEADERS,
    live: true,
    stream: (signal) => {
      const request = { stepId: step.id, offset: from, stripAnsi: ansi === "strip" };
      const { clock } = parts;
      return eventStream(logEvents(request, parts.executor, signal), {
        clock,
        heartbeatMs: parts.live.heartbeatMs,
      });
    },
  };
}

async function text(step: StepRecord, query: Query, call: Call, parts: ApiParts): Promise<Answer> {
  const shape = shapeOf(query);
  const asPrinted = !shape.timestamps && !shape.stripAnsi;
  const { offset = 0 } = query;
  const headers = { "content-type": TEXT, "x-content-type-options": "nosniff" };
  const ranged = asPrinted && !query.follow;
  const sizeBytes = ranged ? await sizeOf(step, parts) : undefined;
  const range = sizeBytes === undefined ? undefined : rangeOf(call.header("range"), sizeBytes);
  if (range !== undefined && sizeBytes !== undefined) {
    return {
      status: 206,
      headers: {
        ...headers,
        "accept-ranges": "bytes",
        "content-range": `bytes ${range.start}-${range.end}/${step.log.kept === "blob" ? sizeBytes : "*"}`,
        "content-length": String(range.end - range.start + 1),
      },
      stream: (signal) =>
        plainLog(
          { stepId: step.id, offset: range.start, end: range.end, follow: false },
          shape,
          parts.executor,
          signal,
        ),
    };
  }
  const whole = step.log.kept === "blob" && asPrinted;
  return {
    status: 200,
    headers: {
      ...headers,
      ...(ranged && { "accept-ranges": "bytes" }),
      ...(whole && { "content-length": String(Math.max(0, step.log.sizeBytes - offset)) }),
    },
    live: query.follow,
    stream: (signal) =>
      plainLog({ stepId: step.id, offset, follow: query.follow }, shape, parts.executor, signal),
  };
}

async function sizeOf(step: StepRecord, { logs }: ApiParts): Promise<number> {
  if (step.log.kept === "blob" || logs === undefined) return step.log.sizeBytes;
  return (await logs.stat({ type: "step", id: step.id })).sizeBytes;
}
