/** The log of a container as the daemon keeps it: its frames, each a line with the time it was written. */
import type Docker from "dockerode";
import type { LogEntry, LogQuery } from "../kubelet.ts";

const HEADER_BYTES = 8;

export async function* dockerLog(
  client: Docker,
  containerId: string,
  query: LogQuery,
  signal: AbortSignal,
): AsyncIterable<LogEntry> {
  const options = {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(query.sinceMs === undefined ? {} : { since: query.sinceMs / 1000 }),
    ...(query.tailLines === undefined ? {} : { tail: query.tailLines }),
  };
  const container = client.getContainer(containerId);
  if (!query.follow) {
    const whole = await container.logs({ ...options, follow: false });
    yield* frames([Buffer.isBuffer(whole) ? whole : Buffer.from(whole as unknown as string, "binary")]);
    return;
  }
  const stream = (await container.logs({ ...options, follow: true })) as NodeJS.ReadableStream & {
    destroy(): void;
  };
  const stop = () => stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    yield* frames(stream as AsyncIterable<Buffer>);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

async function* frames(chunks: AsyncIterable<Buffer> | readonly Buffer[]): AsyncIterable<LogEntry> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (held.length - at >= HEADER_BYTES) {
      const size = held.readUInt32BE(at + 4);
      if (held.length - at - HEADER_BYTES < size) break;
      const frame = held.subarray(at + HEADER_BYTES, at + HEADER_BYTES + size);
      at += HEADER_BYTES + size;
      const space = frame.indexOf(0x20);
      yield { timestamp: frame.toString("latin1", 0, space), bytes: frame.subarray(space + 1) };
    }
    held = held.subarray(at);
  }
}
