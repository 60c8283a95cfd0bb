import type { ExecutorService } from "../../builds/service/executor-service.ts";
import type { StreamEvent } from "./event-stream.ts";
import { LogDecoder, type LogText } from "./log-text.ts";

export interface LogEventsRequest {
  readonly stepId: string;
  readonly offset: number;
  readonly stripAnsi: boolean;
}

/** A log as events: `log` for each part, its id the byte after it; `end` once it is whole. */
export async function* logEvents(
  { stepId, offset, stripAnsi }: LogEventsRequest,
  executor: Pick<ExecutorService, "streamLogs">,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const decoder = new LogDecoder({ stripAnsi });
  let end = offset;
  let at = 0;
  try {
    for await (const piece of executor.streamLogs({ stepId, offset, follow: true }, signal)) {
      at = piece.at;
      const text = decoder.push(piece);
      end = text.end;
      if (text.text !== "") yield logEvent(text);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  // The log is not whole for that: no `end`, and the reader comes back.
  if (signal.aborted) return;
  const rest = decoder.finish(at);
  if (rest !== undefined) {
    end = rest.end;
    yield logEvent(rest);
  }
  yield { event: "end", id: String(end), data: { sizeBytes: end } };
}

const logEvent = ({ offset, end, at, text }: LogText): StreamEvent => ({
  event: "log",
  id: String(end),
  data: { offset, end, at: new Date(at).toISOString(), text },
});
