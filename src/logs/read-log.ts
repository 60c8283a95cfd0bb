import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { LogRef } from "../store/log-store.ts";
import type { Store } from "../store/store.ts";
import { logBlobKey, logTimesKey } from "./log-blob-key.ts";
import { type FeedState, LogFeed } from "./log-feed.ts";
import type { LogHub } from "./log-hub.ts";
import type { LogPiece, StreamOptions } from "./log-sink.ts";
import { LogTimes } from "./log-times.ts";

export interface ReadLogParts {
  readonly store: Pick<Store, "logs" | "builds">;
  readonly blobs: BlobStore;
  readonly hub: LogHub;
  readonly clock: Clock;
}

const RETRY_MS = 500;
/** Times in a row that a log said to have more gives none. */
const MAX_MISSES = 20;

/** `LogSink.stream`. */
export async function* readLog(
  ref: LogRef,
  options: StreamOptions,
  parts: ReadLogParts,
): AsyncGenerator<LogPiece, void, undefined> {
  const { buildId, log } = await parts.store.builds.step(ref.id);
  const start = options.offset ?? 0;
  const end = options.end ?? Number.POSITIVE_INFINITY;
  if (log.kept === "expired") throw expired(ref);
  if (log.kept === "blob") {
    yield* readBlob({ ref, buildId, start, end, sizeBytes: log.sizeBytes, signal: options.signal }, parts);
    return;
  }
  if (!options.follow) {
    const feed = new LogFeed(ref, parts.store, parts.clock);
    yield* readFeed({ ref, buildId, start, end, options, feed }, parts);
    return;
  }
  const feed = parts.hub.join(ref, buildId);
  try {
    yield* readFeed({ ref, buildId, start, end, options, feed }, parts);
  } finally {
    parts.hub.leave(ref, buildId);
  }
}

interface FeedRead {
  readonly ref: LogRef;
  readonly buildId: string;
  readonly start: number;
  readonly end: number;
  readonly options: StreamOptions;
  readonly feed: LogFeed;
}

async function* readFeed(read: FeedRead, parts: ReadLogParts): AsyncGenerator<LogPiece, void, undefined> {
  const { ref, buildId, feed, options } = read;
  const { signal, follow } = options;
  let position = read.start;
  let misses = 0;
  let end = read.end;
  if (!follow) {
    const state = await feed.look();
    if (state.kept === "rows") end = Math.min(end, state.endByte - 1);
  }
  while (position <= end && !signal.aborted) {
    const version = feed.version;
    if (follow && feed.isTip(position)) {
      await feed.newerThan(version, signal);
      continue;
    }
    let state: FeedState | undefined;
    try {
      const pieces = await feed.read(position);
      for (const piece of pieces) {
        if (position > end || signal.aborted) return;
        const clipped = clip(piece, position, end);
        position = clipped.offset + clipped.data.length;
        yield clipped;
      }
      if (pieces.length > 0) {
        misses = 0;
        continue;
      }
      state = await feed.look();
    } catch (error) {
      if (!follow || !(error instanceof ExecError && error.retryable)) throw error;
      await pause(RETRY_MS, signal, parts.clock);
      continue;
    }
    if (state.kept === "expired") throw expired(ref);
    if (state.kept === "blob") {
      yield* readBlob({ ref, buildId, start: position, end, sizeBytes: state.endByte, signal }, parts);
      return;
    }
    if (state.endByte > position) {
      // Rows came, or went into a blob, between the two: what was seen is old.
      misses += 1;
      if (misses > MAX_MISSES) {
        throw new ExecError("Permanent", `the log of step ${ref.id} has a hole at byte ${position}`);
      }
      feed.changed();
      continue;
    }
    if (state.ended || !follow) return;
    await feed.newerThan(version, signal);
  }
}

interface BlobRead {
  readonly ref: LogRef;
  readonly buildId: string;
  readonly start: number;
  readonly end: number;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
}

async function* readBlob(read: BlobRead, parts: ReadLogParts): AsyncGenerator<LogPiece, void, undefined> {
  const { ref, buildId, start, signal } = read;
  const end = Math.min(read.end, read.sizeBytes - 1);
  if (start > end || signal.aborted) return;
  const times = await readTimes(parts.blobs, logTimesKey(buildId, ref.id));
  const reader = await parts.blobs.get(logBlobKey(buildId, ref.id), { start, end }).catch((error) => {
    throw error instanceof ExecError && error.code === "NotFound" ? expired(ref) : error;
  });
  let offset = start;
  for await (const chunk of reader.body) {
    for (let from = 0; from < chunk.length; ) {
      if (signal.aborted) return;
      const run = times.runAt(offset);
      const data = chunk.subarray(from, Math.min(chunk.length, from + run.endByte - offset));
      yield { offset, data, at: run.at };
      offset += data.length;
      from += data.length;
    }
  }
  if (offset <= end)
    throw new ExecError("Transient", `the log of step ${ref.id} ended early at byte ${offset}`);
}

/** Without them the log is still worth reading. */
async function readTimes(blobs: BlobStore, key: string): Promise<LogTimes> {
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await blobs.get(key)).body) chunks.push(chunk);
    return new LogTimes(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof ExecError && error.code === "NotFound") return new LogTimes();
    throw error;
  }
}

function clip(piece: LogPiece, start: number, end: number): LogPiece {
  const from = Math.max(0, start - piece.offset);
  const to = Math.min(piece.data.length, end - piece.offset + 1);
  if (from === 0 && to === piece.data.length) return piece;
  return { offset: piece.offset + from, data: piece.data.subarray(from, to), at: piece.at };
}

function expired(ref: LogRef): ExecError {
  return new ExecError("NotFound", `the log of step ${ref.id} is not kept any more`);
}

function pause(delayMs: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener("abort", done, { once: true });
  });
}
