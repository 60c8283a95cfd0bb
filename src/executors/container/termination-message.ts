import { Buffer } from "node:buffer";
import type { JobFinishedFrame } from "../../protocol/frame.ts";

/** What a kubelet keeps of a container's termination message. */
const MAX_BYTES = 4_096;
const MAX_ERROR = 1_000;

/**
 * The end of a job as the JSON that goes into the container's termination log: what is left of it when nothing else of the
 * pod could be delivered. Where it is too long, without outputs and with `truncated: true`.
 */
export function terminationMessage(finished: JobFinishedFrame): string {
  const whole = JSON.stringify(finished);
  if (Buffer.byteLength(whole) <= MAX_BYTES) return whole;
  const { type, result, durationMs, error } = finished;
  return JSON.stringify({
    type,
    result,
    outputs: {},
    ...(error === undefined ? {} : { error: error.slice(0, MAX_ERROR) }),
    durationMs,
    truncated: true,
  });
}
