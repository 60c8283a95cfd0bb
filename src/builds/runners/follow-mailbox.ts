import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { readFrames } from "../../executors/push/frame-batch.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { RunnerName, RunnerStore, StoredBatch } from "../../store/runner-store.ts";
import { untilReached } from "../orchestrator/until-reached.ts";
import type { WatchedMailbox } from "./mailbox-watch.ts";
import type { RecentBatches } from "./recent-batches.ts";

export interface FollowOptions {
  readonly runners: Pick<RunnerStore, "read" | "noteRead">;
  readonly watched: WatchedMailbox;
  readonly recent: RecentBatches;
  readonly clock: Clock;
  /** How long the records may be away. */
  readonly patienceMs: number;
}

const BATCHES_AT_ONCE = 8;
/** How often it is noted how far the frames were read, and what is dealt with goes. */
const NOTE_MS = 1_000;
const NOTE_BYTES = 32 * 1024 * 1024;

const unpack = promisify(gunzip);

/** `RunnerMailbox.follow`, of one mailbox in the records. */
export async function followMailbox(
  runner: RunnerName,
  afterSeq: number,
  sink: FrameSink,
  signal: AbortSignal,
  { runners, watched, recent, clock, patienceMs }: FollowOptions,
): Promise<void> {
  const limit = new AbortController();
  const reach = async <T>(call: () => Promise<T>): Promise<T> => {
    let cancel: (() => void) | undefined;
    const onWait = (error: ExecError) => {
      const tooLong = `The records could not be reached for ${patienceMs / 1000} s: ${error.message}`;
      cancel = clock.after(patienceMs, () =>
        limit.abort(new ExecError("Transient", tooLong, { cause: error })),
      );
    };
    try {
      return await untilReached({ clock, signal: either, onWait }, call);
    } finally {
      cancel?.();
    }
  };
  const either = AbortSignal.any([signal, limit.signal]);
  const position = { seq: afterSeq, byte: 0 };
  const noted = { byte: 0, at: clock.monotonic() };
  const note = async () => {
    const isDue = clock.monotonic() - noted.at >= NOTE_MS || position.byte - noted.byte >= NOTE_BYTES;
    if (!isDue || position.byte === noted.byte) return;
    noted.byte = position.byte;
    noted.at = clock.monotonic();
    await reach(() => runners.noteRead(runner, position.byte));
  };
  try {
    for (;;) {
      const known = recent.next(runner, position.seq);
      const batches = known
        ? [known]
        : await reach(() => runners.read(runner, position.seq, BATCHES_AT_ONCE));
      for (const batch of batches) {
        const frames = "frames" in batch ? batch.frames : await framesOf(batch);
        if ((await handOn(frames, position.seq, sink, signal)) || batch.final) return;
        position.seq = Math.max(position.seq, batch.lastSeq);
        position.byte = batch.endByte;
        await note();
      }
      if (batches.length === 0 && (await watched.changed(position.seq, signal)) === "closed") {
        const { buildId, jobKey } = runner;
        throw new ExecError("NotFound", `no runner of the job ${jobKey} of build ${buildId} is waited for`);
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
}

async function framesOf({ gzip, content }: StoredBatch): Promise<readonly Frame[]> {
  return readFrames(gzip ? await unpack(content) : content);
}

/** True: nobody wants more. */
async function handOn(
  frames: readonly Frame[],
  afterSeq: number,
  sink: FrameSink,
  signal: AbortSignal,
): Promise<boolean> {
  for (const frame of frames) {
    if (signal.aborted) return true;
    // Whoever asks again after the end was dealt with still wants to be told how it ended.
    if (frame.seq <= afterSeq && frame.type !== "job.finished") continue;
    const taken = sink(frame);
    if (taken !== undefined) await taken;
  }
  return false;
}
