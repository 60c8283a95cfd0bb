import { Buffer } from "node:buffer";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { encodeFrame } from "../../protocol/encode-frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { parseJobRequest } from "../../protocol/parse-job-request.ts";
import { parseRunnerCommand, type RunnerCommand } from "../../protocol/runner-command.ts";
import { runJob as realRunJob } from "../../runner/run-job.ts";

export interface RunnerIo {
  /** The request on the first line, commands on the others. Its end means that whoever started the runner is gone. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when more can be written. */
  readonly write: (text: string) => void | Promise<void>;
  readonly onOutputLost: (callback: () => void) => void;
  readonly onTerminate: (callback: () => void) => void;
  readonly clock: Clock;
  readonly trackingId: string | undefined;
  /** To whoever reads the standard error. */
  readonly complain: (text: string) => void;
  /** True: the job goes on when the input ends or its output is lost; another will listen, and tell it to end. */
  readonly outlives?: boolean;
  /** Is told of commands other than to cancel and to kill. */
  readonly onCommand?: (command: RunnerCommand) => void;
  /** Absent: the runner itself. */
  readonly runJob?: typeof realRunJob;
}

const LINE_FEED = 0x0a;

/** Runs one job as it is told. Gives the exit code: 0 if the end of the job was reported, whatever its result. */
export async function runRunner(io: RunnerIo): Promise<number> {
  const cancel = new AbortController();
  const kill = new AbortController();
  const endEverything = () => {
    cancel.abort("the runner was told to end");
    kill.abort();
  };
  const first = Promise.withResolvers<string | undefined>();
  const inputEnded = () => {
    first.resolve(undefined);
    if (io.outlives !== true) endEverything();
  };
  io.onOutputLost(() => {
    if (io.outlives !== true) endEverything();
  });
  io.onTerminate(() => {
    cancel.abort("the runner was told to terminate");
    // Nobody need wait for a job any more.
    first.resolve(undefined);
  });

  void readLines(
    io.input,
    (line) => first.resolve(line),
    (line) => {
      const command = parseRunnerCommand(line);
      if (command?.type === "kill") endEverything();
      else if (command?.type === "cancel") cancel.abort(command.reason);
      else if (command !== undefined) io.onCommand?.(command);
    },
  ).then(inputEnded, inputEnded);

  const line = await first.promise;
  if (line === undefined) {
    io.complain("No job request came on standard input.");
    return 2;
  }
  let request: JobRequest;
  try {
    request = parseJobRequest(line);
  } catch (error) {
    await refuse(io, error);
    return 0;
  }
  const sink: FrameSink = (frame) => io.write(encodeFrame(frame));
  try {
    await (io.runJob ?? realRunJob)(request, {
      sink,
      signal: cancel.signal,
      kill: kill.signal,
      clock: io.clock,
      ...(io.trackingId === undefined ? {} : { trackingId: io.trackingId }),
    });
    return 0;
  } catch (error) {
    io.complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 70;
  }
}

/** A request that cannot be run is a failed job with a reason, not a lost runner that would be tried again. */
async function refuse({ write, clock }: RunnerIo, error: unknown): Promise<void> {
  const message = error instanceof ExecError || error instanceof Error ? error.message : String(error);
  const at = clock.now();
  await write(
    encodeFrame({
      seq: 1,
      at,
      type: "job.finished",
      result: "failure",
      outputs: {},
      error: message,
      durationMs: 0,
    }),
  );
}

async function readLines(
  input: AsyncIterable<Uint8Array>,
  onFirst: (line: string) => void,
  onLine: (line: string) => void,
): Promise<void> {
  let pieces: Buffer[] = [];
  let take = onFirst;
  for await (const chunk of input) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
      take(Buffer.concat([...pieces, rest.subarray(0, end)]).toString("utf8"));
      take = onLine;
      pieces = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) pieces.push(rest);
  }
}
