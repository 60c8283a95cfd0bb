import type { ExecutorService, StreamLogsRequest } from "../../builds/service/executor-service.ts";
import { LineTimes, LogDecoder } from "../live/log-text.ts";

export interface LogShape {
  readonly timestamps: boolean;
  readonly stripAnsi: boolean;
}

/** The log of a step as plain text: the bytes as printed where nothing is to be changed. */
export async function* plainLog(
  request: StreamLogsRequest,
  shape: LogShape,
  executor: Pick<ExecutorService, "streamLogs">,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array | string> {
  if (!shape.timestamps && !shape.stripAnsi) {
    for await (const { data } of executor.streamLogs(request, signal)) yield data;
    signal.throwIfAborted();
    return;
  }
  const offset = request.offset ?? 0;
  const decoder = new LogDecoder({ stripAnsi: shape.stripAnsi });
  let times = new LineTimes(offset === 0);
  // One byte earlier: whether a line begins at the offset shows in what stands before it.
  let skip = shape.timestamps && offset > 0 ? 1 : 0;
  let at = 0;
  for await (const piece of executor.streamLogs({ ...request, offset: offset - skip }, signal)) {
    at = piece.at;
    let { data } = piece;
    if (skip === 1 && data.byteLength > 0) {
      times = new LineTimes(data[0] === 0x0a);
      data = data.subarray(1);
    }
    const text = decoder.push({ offset: piece.offset + piece.data.byteLength - data.byteLength, data, at });
    if (piece.data.byteLength > 0) skip = 0;
    if (text.text !== "") yield shape.timestamps ? times.push(text) : text.text;
  }
  signal.throwIfAborted();
  const rest = decoder.finish(at);
  if (rest !== undefined) yield shape.timestamps ? times.push(rest) : rest.text;
}
