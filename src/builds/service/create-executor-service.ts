import { ExecError } from "../../errors.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import { BuildWatches } from "./build-watches.ts";
import { cancelBuild } from "./cancel-build.ts";
import { decideApprovals } from "./decide-approvals.ts";
import type { CreateBuildRequest, ExecutorService, LogPiece, StreamLogsRequest } from "./executor-service.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";
import { queueBuild } from "./queue-build.ts";
import { rerunBuild } from "./rerun-build.ts";
import { viewBuild } from "./view-build.ts";

/** The `ExecutorService` on records, queue, events and logs. Keeps no state but who watches. */
export function createExecutorService(parts: ExecutorServiceParts): ExecutorService {
  const { store } = parts;
  const watches = new BuildWatches(parts);
  return {
    createBuild: (request) => createBuild(request, parts),
    getBuild: (buildId) => viewBuild(buildId, store),
    listBuilds: (filter, page) => store.builds.list(filter, page),
    watchBuild: (buildId, signal) => watches.watch(buildId, signal),
    streamLogs: (request, signal) => streamLogs(request, signal, parts),
    cancelBuild: (buildId, reason) => cancelBuild(buildId, reason, parts),
    rerunBuild: (request) => rerunBuild(request, parts),
    decide: (request) => decideApprovals(request, parts),
  };
}

async function createBuild(request: CreateBuildRequest, parts: ExecutorServiceParts): Promise<BuildRecord> {
  const { file, content, github, inputs, vars, onlyJobs, ...build } = request;
  const snapshot = { file, content, github, inputs, vars, ...(onlyJobs === undefined ? {} : { onlyJobs }) };
  const created = await parts.store.builds.create({ ...build, createdAt: parts.clock.now() }, snapshot);
  if (created.projectId !== build.projectId) {
    throw new ExecError("Conflict", `The id ${build.id} is that of a build of another project.`);
  }
  return await queueBuild(created, parts);
}

async function* streamLogs(
  { stepId, ...options }: StreamLogsRequest,
  signal: AbortSignal,
  { store, logs }: ExecutorServiceParts,
): AsyncGenerator<LogPiece, void, undefined> {
  // A log without a byte is no error, a step that is not there is.
  const { id } = await store.builds.step(stepId);
  yield* logs.stream({ type: "step", id }, { ...options, signal });
}
