import { ExecError } from "../errors.ts";

export const LOG_BLOB_PREFIX = "logs/pipelines/";

/** Where the log of a step lies when it is whole. */
export function logBlobKey(buildId: string, stepId: string): string {
  return `${LOG_BLOB_PREFIX}${buildId}/${stepId}.log`;
}

/** When its bytes were printed: see `LogTimes`. */
export function logTimesKey(buildId: string, stepId: string): string {
  return `${LOG_BLOB_PREFIX}${buildId}/${stepId}.times`;
}

/** The inverse of both; throws `InvalidSpec` for any other key. */
export function parseLogBlobKey(key: string): { readonly buildId: string; readonly stepId: string } {
  const match = /^logs\/pipelines\/([^/]+)\/([^/]+)\.(?:log|times)$/.exec(key);
  const [, buildId, stepId] = match ?? [];
  if (buildId === undefined || stepId === undefined) {
    throw new ExecError("InvalidSpec", `${JSON.stringify(key)} is not the key of a log`);
  }
  return { buildId, stepId };
}
