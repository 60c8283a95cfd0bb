import { Buffer } from "node:buffer";
import type { Frame, FrameBody } from "./frame.ts";

type Check = (value: unknown) => boolean;
type Fields = { readonly [name: string]: Check };

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const duration: Check = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && words.includes(value);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const texts: Check = (value) => isRecord(value) && Object.values(value).every(text);

const conclusion = oneOf("success", "failure", "cancelled", "skipped");
const position = maybe(count);

/** What each kind of frame holds on the wire. Fields it does not know are let through: a newer runner may send them. */
const FIELDS: { readonly [type in Exclude<FrameBody["type"], "log">]: Fields } = {
  "job.started": { workspace: text },
  "step.added": {
    step: count,
    id: maybe(text),
    name: text,
    stage: oneOf("setup", "pre", "main", "post", "complete"),
    action: text,
    background: flag,
    line: position,
    parent: position,
  },
  "step.started": { step: count, name: text },
  annotation: {
    step: count,
    level: oneOf("notice", "warning", "error"),
    message: text,
    title: maybe(text),
    file: maybe(text),
    line: position,
    endLine: position,
    column: position,
    endColumn: position,
    code: maybe(text),
  },
  summary: { step: count, markdown: text },
  artifact: { step: count, value: text },
  mask: { value: text },
  "step.finished": {
    step: count,
    outcome: conclusion,
    conclusion,
    exitCode: maybe((value) => Number.isSafeInteger(value)),
    signal: maybe(text),
    error: maybe(text),
    outputs: texts,
    durationMs: duration,
  },
  "job.finished": {
    result: oneOf("success", "failure", "cancelled"),
    outputs: texts,
    environmentUrl: maybe(text),
    error: maybe(text),
    durationMs: duration,
  },
};

/** The frame that `encodeFrame` wrote as this JSON; undefined for anything else, whatever it is. */
export function parseFrame(json: string): Frame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !count(value.seq) || value.seq === 0 || !duration(value.at)) return undefined;
  if (value.type === "log") return parseLog(value);
  if (typeof value.type !== "string" || !Object.hasOwn(FIELDS, value.type)) return undefined;
  const fields: Fields = FIELDS[value.type as keyof typeof FIELDS];
  for (const [name, check] of Object.entries(fields)) if (!check(value[name])) return undefined;
  return value as unknown as Frame;
}

function parseLog(value: Record<string, unknown>): Frame | undefined {
  const { text: plain, base64, ...rest } = value;
  if (!count(value.step)) return undefined;
  const data =
    typeof plain === "string" && base64 === undefined
      ? Buffer.from(plain, "utf8")
      : typeof base64 === "string" && plain === undefined
        ? Buffer.from(base64, "base64")
        : undefined;
  return data === undefined ? undefined : ({ ...rest, data } as unknown as Frame);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
