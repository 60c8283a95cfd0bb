import type { ExecutorService } from "../../builds/service/executor-service.ts";
import type { StepRecord } from "../../store/job-record.ts";
import { type LogShape, plainLog } from "./plain-log.ts";

/** The logs of a job's steps one after the other, each under a line with its name. */
export async function* jobLog(
  steps: readonly StepRecord[],
  shape: LogShape,
  executor: Pick<ExecutorService, "streamLogs">,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array | string> {
  for (const step of steps) {
    if (step.number > 0) yield `==> ${step.number}. ${step.name.replaceAll(/\s+/g, " ")} (${step.status})\n`;
    if (step.log.kept === "expired") {
      yield "(the log was deleted by retention)\n";
      continue;
    }
    let last: number | string | undefined;
    for await (const part of plainLog({ stepId: step.id, follow: false }, shape, executor, signal)) {
      last = part.at(-1) ?? last;
      yield part;
    }
    if (last !== undefined && last !== "\n" && last !== 0x0a) yield "\n";
  }
}
