import { isUtf8 } from "node:buffer";
import { ExecError } from "../errors.ts";
import {
  BUILD_EVENT_VERSION,
  type BuildEvent,
  type BuildEventHeader,
  type BuildLogEvent,
} from "./build-event.ts";

/** A log event on the wire: one of the two. */
type WireLogEvent = BuildEventHeader &
  Omit<BuildLogEvent, "data"> & { readonly text?: unknown; readonly base64?: unknown };

/** One event as one line of NDJSON, without its line end. Log data is `text`, or `base64` where it is not UTF-8. */
export function encodeBuildEvent(event: BuildEvent): string {
  const { v, seq, at, buildId, type, ...body } = event.type === "log" ? wireLog(event) : event;
  const { job, step, ...rest } = body as { readonly job?: string; readonly step?: number };
  // What an event is and what it is about come first, for people who read it; what is undefined is left out.
  return JSON.stringify({ v, seq, at, buildId, type, job, step, ...rest });
}

function wireLog({ data, ...rest }: BuildEventHeader & BuildLogEvent) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return isUtf8(bytes)
    ? { ...rest, text: bytes.toString("utf8") }
    : { ...rest, base64: bytes.toString("base64") };
}

/** The event of one line. Throws `ExecError` (`InvalidSpec`) on anything that is none of this version. */
export function decodeBuildEvent(line: string): BuildEvent {
  const value = parsed(line);
  if (typeof value !== "object" || value === null || !("v" in value) || !("type" in value)) {
    throw new ExecError("InvalidSpec", "It is not an event of a build");
  }
  if (value.v !== BUILD_EVENT_VERSION) {
    throw new ExecError(
      "InvalidSpec",
      `It is an event of version ${String(value.v)}, not ${BUILD_EVENT_VERSION}`,
    );
  }
  if (value.type !== "log") return value as BuildEvent;
  const { text, base64, ...rest } = value as WireLogEvent;
  if (typeof text === "string") return { ...rest, data: Buffer.from(text) };
  if (typeof base64 === "string") return { ...rest, data: Buffer.from(base64, "base64") };
  throw new ExecError("InvalidSpec", "A log event has neither text nor base64");
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new ExecError("InvalidSpec", "It is not a line of JSON", { cause });
  }
}
