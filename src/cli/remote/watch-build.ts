import { join } from "node:path";
import { createParser } from "eventsource-parser";
import { ExecError } from "../../errors.ts";
import { isFinal } from "../../status.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { userFolders } from "../run/user-folders.ts";
import { openView, type ViewWish } from "../view/open-view.ts";
import { BuildNarrator } from "./build-narrator.ts";
import type { Remote } from "./remote.ts";
import type { RemoteBuildDetail, RemoteStep } from "./remote-build.ts";

/** A server that is started anew is waited for. */
const RETRY_MS = 1_000;
const GIVE_UP_MS = 120_000;

/** Shows a build until it has ended, and gives the exit code that stands for its end. Ctrl-C ends only the watching. */
export async function watchBuild(buildId: string, remote: Remote, wish: ViewWish, io: Io): Promise<ExitCode> {
  const stop = new AbortController();
  const forget = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) =>
    io.onSignal(signal, () => stop.abort()),
  );
  io.stdout.onClose(() => stop.abort());
  const view = await openView(wish, io, join(userFolders(io.env).state, "logs"), buildId);
  const narrator = new BuildNarrator({
    sink: view.sink,
    now: () => io.clock.now(),
    readLog: (step, write) => readLog(step, write, remote, io, stop.signal),
  });
  try {
    const last = await followPictures(buildId, remote, io, stop.signal, async (build) => {
      if (!isFinal(build.status)) await narrator.tell(build);
    });
    await narrator.finish(last);
    await view.end({ artifacts: [], keptFolder: undefined });
    return exitCodeOf(last);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    const leftOff = `The build goes on. Watch it again: slipway watch ${buildId}`;
    await view.end({ artifacts: [], keptFolder: undefined, leftOff });
    return EXIT.cancelled;
  } finally {
    for (const each of forget) each();
    stop.abort();
  }
}

function exitCodeOf({ status }: Pick<RemoteBuildDetail, "status">): ExitCode {
  return status === "succeeded" ? EXIT.ok : status === "cancelled" ? EXIT.cancelled : EXIT.failed;
}

/** Hands in a picture of the build whenever it changed; resolves with the one after its end. */
async function followPictures(
  buildId: string,
  remote: Remote,
  io: Io,
  signal: AbortSignal,
  show: (build: RemoteBuildDetail) => Promise<void>,
): Promise<RemoteBuildDetail> {
  const look = () => remote.get<RemoteBuildDetail>(`/builds/${buildId}`, { signal });
  for (;;) {
    const cut = await outliving(io, signal, async () => {
      const response = await remote.open(`/builds/${buildId}/events`, {
        headers: { accept: "text/event-stream" },
        signal,
      });
      for await (const _ of eventsOf(response)) {
        const build = await look();
        await show(build);
        if (isFinal(build.status)) return build;
      }
      const build = await look();
      await show(build);
      return isFinal(build.status) ? build : undefined;
    });
    if (cut !== undefined) return cut;
  }
}

/** Yields once for all events that have come by then. */
async function* eventsOf(response: Response): AsyncGenerator<void> {
  let count = 0;
  const parser = createParser({
    onEvent: () => {
      count += 1;
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    count = 0;
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (count > 0) yield;
  }
}

/** Does it again for as long as the server cannot be reached, within limits. */
async function outliving<T>(io: Io, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let since: number | undefined;
  for (;;) {
    const begun = io.clock.monotonic();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const now = io.clock.monotonic();
      // What went on for long before it was cut begins a new count.
      if (since === undefined || now - begun > GIVE_UP_MS) since = now;
      // A cut body is no error of ours; a refusal (the token was revoked, say) stays one.
      const mayPass = error instanceof ExecError ? error.code === "Transient" : error instanceof TypeError;
      if (!mayPass || now - since > GIVE_UP_MS) throw error;
      await io.clock.wait(RETRY_MS, signal);
      signal.throwIfAborted();
    }
  }
}

async function readLog(
  step: RemoteStep,
  write: (data: Uint8Array) => void | Promise<void>,
  remote: Remote,
  io: Io,
  signal: AbortSignal,
): Promise<void> {
  let offset = 0;
  await outliving(io, signal, async () => {
    const response = await remote.open(step.log.url, {
      query: { follow: true, offset },
      headers: { accept: "text/plain" },
      signal,
    });
    for await (const chunk of response.body ?? []) {
      offset += chunk.byteLength;
      await write(chunk);
    }
  });
}
