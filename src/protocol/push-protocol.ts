/**
 * How a runner that is not its worker's neighbour speaks with the server: frames by POST, commands by a GET that waits. Any
 * replica answers, with `Authorization: Bearer` and a job token of purpose `runner` that dies with the job.
 *
 * Frames: `POST <url>/runner/v1/frames`, body a JSON text sequence as `encodeFrame` writes it (`application/json-seq`, gzip
 * allowed), in order and without gaps. Answered `200 { accepted }` with the number up to which all frames are safe; frames
 * that were accepted before are passed over. `409 { accepted }`: the first frame is not the next one; send on from there.
 * `401`: the job has ended for the server: nobody listens any more. `413`: smaller batches. `429`, `5xx`: later, after
 * `Retry-After` if it is given.
 *
 * Commands: `GET <url>/runner/v1/commands?after=<number>&wait=<seconds>`, answered at once where there is one with a
 * higher number, else when there is or the time is over: `200 { commands: [{ number, command }], accepted }`.
 */
import type { RunnerCommand } from "./runner-command.ts";

export const FRAMES_PATH = "/runner/v1/frames";
export const COMMANDS_PATH = "/runner/v1/commands";

export const PUSH_LIMITS = {
  /** Of one POST, before compression. A single frame larger than it is still one POST. */
  maxBatchBytes: 1024 * 1024,
  /** A batch leaves at the latest so long after its first frame. */
  tickMs: 200,
  /** How long a GET for commands waits. */
  waitSeconds: 30,
} as const;

export interface FramesAnswer {
  readonly accepted: number;
}

export interface CommandsAnswer {
  readonly commands: readonly NumberedCommand[];
  readonly accepted: number;
}

export interface NumberedCommand {
  /** Counted from 1 for each job. */
  readonly number: number;
  readonly command: RunnerCommand;
}

/** `JobRequest.push`: where the runner sends its frames. */
export interface PushTarget {
  /** Origin and path prefix of any replica, without a slash at the end. */
  readonly url: string;
  readonly token: string;
}
