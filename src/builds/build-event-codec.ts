import type { BuildEvent } from "./build-event.ts";

/** One event as one line of NDJSON, without its line end. Log data is `text`, or `base64` where it is not UTF-8. */
export function encodeBuildEvent(_event: BuildEvent): string {
  return "";
}

/** The event of one line. Throws `ExecError` (`InvalidSpec`) on anything that is none of this version. */
export function decodeBuildEvent(_line: string): BuildEvent {
  throw new Error("not built yet");
}
