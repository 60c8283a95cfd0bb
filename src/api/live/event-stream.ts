import { Readable } from "node:stream";
import type { Clock } from "../../clock.ts";

/** One event of `text/event-stream`. */
export interface StreamEvent {
  readonly event: string;
  readonly id?: string;
  /** Becomes one line of JSON: no line break in it can break the stream. */
  readonly data: unknown;
}

export interface EventStreamOptions {
  readonly clock: Pick<Clock, "after">;
  /** Between two comments that keep what lies between from closing the connection. */
  readonly heartbeatMs: number;
}

export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // nginx would gather events before it sends them.
  "x-accel-buffering": "no",
} as const;

/** The body of an event stream: as fast as its reader takes it, never more than a little ahead. */
export function eventStream(events: AsyncIterable<StreamEvent>, options: EventStreamOptions): Readable {
  const { clock, heartbeatMs } = options;
  let resume: (() => void) | undefined;
  const body = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      resume?.();
      resume = undefined;
    },
    destroy(error, done) {
      stopHeartbeat();
      resume?.();
      done(error);
    },
  });
  let stopHeartbeat = () => {};
  const beat = () => {
    stopHeartbeat = clock.after(heartbeatMs, () => {
      if (body.readableLength === 0) body.push(":\n\n");
      beat();
    });
  };
  beat();
  body.push("retry: 1000\n\n");

  const pump = async () => {
    for await (const event of events) {
      if (body.destroyed) return;
      if (body.push(formatEvent(event))) continue;
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
    }
  };
  pump().then(
    () => {
      stopHeartbeat();
      if (!body.destroyed) body.push(null);
    },
    (error: unknown) => body.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return body;
}

function formatEvent({ event, id, data }: StreamEvent): string {
  const head = id === undefined ? `event: ${event}\n` : `event: ${event}\nid: ${id}\n`;
  return `${head}data: ${JSON.stringify(data)}\n\n`;
}
