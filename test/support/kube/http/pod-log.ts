/** `pods/<name>/log`: which container, whether it has a log at all, and the stream with its limits. */
import { ApiError, badRequest } from "../api-error.ts";
import type { PodObject } from "../cluster-object.ts";
import type { Kubelet, LogQuery } from "../kubelet/kubelet.ts";
import type { Reply } from "./reply.ts";

export async function answerLog(
  kubelet: Kubelet,
  pod: PodObject,
  query: URLSearchParams,
  reply: Reply,
  nowMs: number,
  opened: () => () => void,
): Promise<void> {
  const asked = logQuery(pod, query, nowMs);
  if ((pod.spec.nodeName ?? "") === "") {
    // No kubelet has it: Kubernetes says nothing at all.
    reply.start(204, "text/plain");
    reply.end();
    return;
  }
  checkStarted(pod, asked);
  const gone = new AbortController();
  const log = kubelet.readLog(pod, asked, gone.signal);
  if (log === undefined) throw noLog(pod, asked);
  const limit = Number(query.get("limitBytes") ?? Number.POSITIVE_INFINITY);
  const stamped = query.get("timestamps") === "true";
  const release = asked.follow ? opened() : () => {};
  reply.onClose(() => gone.abort());
  reply.start(200, "text/plain");
  let left = limit;
  try {
    for await (const { timestamp, bytes } of log) {
      const line = stamped ? Buffer.concat([Buffer.from(`${timestamp} `), bytes]) : bytes;
      const shown = line.length > left ? line.subarray(0, left) : line;
      left -= shown.length;
      if (!reply.write(shown)) await reply.drained();
      if (left <= 0 || reply.closed) break;
    }
  } finally {
    release();
    gone.abort();
    reply.end();
  }
}

function logQuery(pod: PodObject, query: URLSearchParams, nowMs: number): LogQuery {
  const number = (key: string) => {
    const text = query.get(key);
    if (text === null || text === "") return undefined;
    const value = Number(text);
    if (!Number.isInteger(value)) throw badRequest(`Invalid value: "${text}": ${key}: must be a number`);
    return value;
  };
  const tailLines = number("tailLines");
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const limitBytes = number("limitBytes");
  const { name } = pod.metadata;
  const refuse = (field: string, reason: string, message: string) =>
    new ApiError(422, "Invalid", `PodLogOptions "${name}" is invalid: ${field}: ${message}`, {
      name,
      kind: "PodLogOptions",
      causes: [{ reason, message, field }],
    });
  if (tailLines !== undefined && tailLines < 0) {
    throw refuse(
      "tailLines",
      "FieldValueInvalid",
      `Invalid value: ${tailLines}: must be greater than or equal to 0`,
    );
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    throw refuse("limitBytes", "FieldValueInvalid", `Invalid value: ${limitBytes}: must be greater than 0`);
  }
  if (sinceSeconds !== undefined && sinceTime !== null) {
    throw refuse(
      "sinceSeconds",
      "FieldValueForbidden",
      "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
    );
  }
  if (sinceSeconds !== undefined && sinceSeconds < 1) {
    throw refuse(
      "sinceSeconds",
      "FieldValueInvalid",
      `Invalid value: ${sinceSeconds}: must be greater than 0`,
    );
  }
  const sinceMs =
    sinceTime !== null
      ? Date.parse(sinceTime)
      : sinceSeconds === undefined
        ? undefined
        : nowMs - sinceSeconds * 1000;
  if (sinceMs !== undefined && Number.isNaN(sinceMs)) {
    throw badRequest(`parsing time "${sinceTime}" as "2006-01-02T15:04:05Z07:00": cannot parse`);
  }
  return {
    container: containerOf(pod, query.get("container") ?? ""),
    follow: query.get("follow") === "true",
    previous: query.get("previous") === "true",
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(tailLines === undefined ? {} : { tailLines }),
  };
}

function containerOf(pod: PodObject, asked: string): string {
  const names = pod.spec.containers.map(({ name }) => name);
  const inits = (pod.spec.initContainers ?? []).map(({ name }) => name);
  if (asked !== "") {
    if (names.includes(asked) || inits.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = names;
  if (names.length === 1 && only !== undefined && inits.length === 0) return only;
  if (names.length === 1 && only !== undefined) return only;
  const choose = `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names.join(" ")}]`;
  throw badRequest(
    inits.length === 0 ? choose : `${choose} or one of the init containers: [${inits.join(" ")}]`,
  );
}

/** The kubelet refuses to tell of a container that has not started. */
function checkStarted(pod: PodObject, query: LogQuery): void {
  const { name } = pod.metadata;
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
  const status = statuses.find((one) => one.name === query.container);
  if (query.previous) {
    if (status?.lastState?.terminated === undefined) throw noLog(pod, query);
    return;
  }
  if (status?.state?.running !== undefined || status?.state?.terminated !== undefined) return;
  if (status?.lastState?.terminated !== undefined) return;
  const reason = status?.state?.waiting?.reason ?? "ContainerCreating";
  const words: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: "trying and failing to pull image",
  };
  throw badRequest(
    `container "${query.container}" in pod "${name}" is waiting to start: ${words[reason] ?? reason}`,
  );
}

function noLog(pod: PodObject, query: LogQuery): ApiError {
  if (query.previous) {
    return badRequest(
      `previous terminated container "${query.container}" in pod "${pod.metadata.name}" not found`,
    );
  }
  return badRequest(`container "${query.container}" in pod "${pod.metadata.name}" is not available`);
}
