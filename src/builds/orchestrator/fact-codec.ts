import { ExecError } from "../../errors.ts";
import type { Json, JsonObject } from "../../json.ts";
import type { PipelineFile } from "../../spec/pipeline-file.ts";
import type { WorkflowSpec } from "../../spec/workflow-spec.ts";
import type { BuildFact } from "../build-fact.ts";
import type { WorkflowOrigin } from "../load-workflow.ts";

/** Grows when facts of an earlier version could not be read any more. */
const VERSION = 1;

/** A fact as the records keep it: a called workflow is its text and origin, from which the same jobs come again. */
export interface StoredFact {
  readonly fact: BuildFact;
  /** Of a cancel: the build took longer than it may. */
  readonly timedOut?: boolean;
}

export function encodeFact({ fact, timedOut }: StoredFact): Json {
  const late = timedOut === true ? { timedOut } : {};
  if (fact.kind !== "workflow-loaded") return { v: VERSION, ...withoutUndefined(fact), ...late };
  const { kind, job, workflow } = fact;
  return {
    v: VERSION,
    kind,
    job,
    content: workflow.content,
    origin: withoutUndefined(workflow.origin),
  };
}

/** `parse` throws where a text has mistakes. Throws `ExecError` `Permanent` for what this version does not know. */
export function decodeFact(json: Json, parse: (file: PipelineFile) => WorkflowSpec): StoredFact {
  if (!isObject(json) || typeof json.kind !== "string") throw unreadable("it is no fact");
  const { v, timedOut, ...fact } = json;
  if (v !== VERSION) throw unreadable(`it is of version ${JSON.stringify(v)}, this program knows ${VERSION}`);
  const late = timedOut === true ? { timedOut } : {};
  if (fact.kind !== "workflow-loaded") {
    if (!KINDS.has(String(fact.kind))) throw unreadable(`its kind is '${String(fact.kind)}'`);
    return { fact: fact as unknown as BuildFact, ...late };
  }
  const { job, content, origin } = fact;
  if (typeof job !== "string" || typeof content !== "string" || !isObject(origin ?? null)) {
    throw unreadable("a called workflow has no text");
  }
  const from = origin as unknown as WorkflowOrigin;
  const spec = parse({ path: from.file, content });
  return { fact: { kind: "workflow-loaded", job, workflow: { spec, content, origin: from } } };
}

const KINDS: ReadonlySet<string> = new Set<BuildFact["kind"]>([
  "started",
  "group-granted",
  "group-cancelled",
  "workflow-failed",
  "job-ended",
  "cancelled",
  "killed",
]);

function unreadable(why: string): ExecError {
  return new ExecError("Permanent", `What has happened to this build cannot be read: ${why}.`);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutUndefined(value: object): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as JsonObject;
}
