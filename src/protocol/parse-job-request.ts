import { ExecError } from "../errors.ts";
import { type JobRequest, PROTOCOL_VERSION } from "./job-request.ts";

type Shape =
  | "text"
  | "flag"
  | "count"
  | "duration"
  | "list"
  | "record"
  | "texts"
  | { readonly [name: string]: Shape };

const SHAPE: { readonly [name: string]: Shape } = {
  buildId: "text",
  jobKey: "text",
  jobId: "text",
  displayName: "text",
  attempt: "count",
  contexts: {
    github: "record",
    vars: "record",
    needs: "record",
    strategy: "record",
    inputs: "record",
    secrets: "record",
  },
  env: "list",
  defaults: "list",
  steps: "list",
  cancelTimeoutMs: "duration",
  masks: "list",
  baseEnv: "texts",
  directories: { workspace: "text", temp: "text", toolCache: "text", actionCache: "text" },
  runner: { name: "text", os: "text", arch: "text", environment: "text", nodePath: "text" },
  actions: { url: "text", local: "texts", offline: "flag" },
  checkout: { builtin: "flag", repository: "text", serverUrl: "text", source: "record", bound: "flag" },
  debug: "flag",
};

/**
 * The request in this JSON. Throws `ExecError` (`InvalidSpec`) that says what is wrong with it: not JSON, another
 * version of the protocol, a field that is missing or of another type. No message repeats a value: they hold secrets.
 */
export function parseJobRequest(json: string): JobRequest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ExecError("InvalidSpec", `The job request is not JSON (${json.length} characters).`);
  }
  if (!isRecord(value)) throw new ExecError("InvalidSpec", "The job request is not a JSON object.");
  if (value.protocolVersion !== PROTOCOL_VERSION) {
    throw new ExecError(
      "InvalidSpec",
      `The job request speaks protocol version ${JSON.stringify(value.protocolVersion) ?? "(none)"}, this runner ` +
        `version ${PROTOCOL_VERSION}. Use a runner and a worker of the same release.`,
    );
  }
  const problems = problemsOf(value, SHAPE, "");
  if (problems.length > 0) {
    throw new ExecError("InvalidSpec", `The job request is not complete: ${problems.join("; ")}.`);
  }
  return value as unknown as JobRequest;
}

function problemsOf(
  value: Record<string, unknown>,
  shape: { readonly [name: string]: Shape },
  path: string,
): string[] {
  return Object.entries(shape).flatMap(([name, expected]) => {
    const found = value[name];
    if (found === undefined) return [`\`${path}${name}\` is missing`];
    if (typeof expected !== "string") {
      return isRecord(found)
        ? problemsOf(found, expected, `${path}${name}.`)
        : [`\`${path}${name}\` is not an object`];
    }
    return fits(found, expected) ? [] : [`\`${path}${name}\` is not ${ARTICLE[expected]}`];
  });
}

const ARTICLE = {
  text: "a string",
  flag: "true or false",
  count: "a whole number",
  duration: "a number of milliseconds",
  list: "a list",
  record: "an object",
  texts: "an object of strings",
} as const;

function fits(value: unknown, shape: keyof typeof ARTICLE): boolean {
  switch (shape) {
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "count":
      return Number.isSafeInteger(value) && Number(value) >= 0;
    case "duration":
      return typeof value === "number" && Number.isFinite(value) && value >= 0;
    case "list":
      return Array.isArray(value);
    case "record":
      return isRecord(value);
    case "texts":
      return isRecord(value) && Object.values(value).every((item) => typeof item === "string");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
