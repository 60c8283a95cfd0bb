import { ExecError } from "../errors.ts";
import type { StepRecord } from "../store/job-record.ts";
import type { LogSink } from "./log-sink.ts";
import { type LogTextOptions, stepLogText } from "./step-log-text.ts";

/** The logs of a job's steps in order, each after a line that names the step. */
export async function* jobLogText(
  logs: Pick<LogSink, "stream">,
  steps: readonly StepRecord[],
  options: LogTextOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const step of steps.toSorted((a, b) => a.number - b.number)) {
    if (options.signal.aborted) return;
    // The job's own log is of interest only where something is in it.
    if (step.number !== 0) yield Buffer.from(`${heading(step)}\n`);
    let last = 0x0a;
    try {
      for await (const data of stepLogText(logs, { type: "step", id: step.id }, options)) {
        last = data.at(-1) ?? last;
        yield data;
      }
    } catch (error) {
      if (!(error instanceof ExecError && error.code === "NotFound")) throw error;
      yield Buffer.from("[slipway: this log is not kept any more]\n");
    }
    if (last !== 0x0a) yield Buffer.from("\n");
  }
}

function heading(step: StepRecord): string {
  const took = step.durationMs === undefined ? "" : `, ${(step.durationMs / 1_000).toFixed(1)} s`;
  const name = [...step.name].map((char) => (char < " " || char === "\u007f" ? " " : char)).join("");
  return `=== ${step.number}. ${name} (${step.status}${took}) ===`;
}
