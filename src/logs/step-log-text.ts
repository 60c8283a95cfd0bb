import type { LogRef } from "../store/log-store.ts";
import type { LogSink } from "./log-sink.ts";
import { LineStamper } from "./stamp-lines.ts";
import { AnsiStripper } from "./strip-ansi.ts";

export interface LogTextOptions {
  /** The time it was printed before every line. Default false. */
  readonly timestamps?: boolean;
  /** Colours and other sequences for terminals stay. Default true. */
  readonly ansi?: boolean;
  readonly signal: AbortSignal;
}

/** The log of a step as there is now, as text. Rejects as `LogSink.stream` does. */
export async function* stepLogText(
  logs: Pick<LogSink, "stream">,
  ref: LogRef,
  options: LogTextOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stamper = options.timestamps === true ? new LineStamper() : undefined;
  const stripper = options.ansi === false ? new AnsiStripper() : undefined;
  for await (const piece of logs.stream(ref, { follow: false, signal: options.signal })) {
    const plain = stripper?.push(piece.data) ?? piece.data;
    const data = stamper?.push(plain, piece.at) ?? plain;
    if (data.length > 0) yield data;
  }
}
