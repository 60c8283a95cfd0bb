import { readFileSync, writeFileSync } from "node:fs";
import { systemClock } from "../../clock.ts";
import type { JobFinishedFrame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { parseJobRequest } from "../../protocol/parse-job-request.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import { JOB_PATHS } from "../kit/kit-layout.ts";
import { createPushSink } from "../push/push-sink.ts";
import { ContainerDesk } from "./container-desk.ts";
import { runContainerJob } from "./container-job.ts";
import { type ContainerProcess, EXIT_BROKEN, EXIT_CODES, TOLD_TO_END } from "./container-process.ts";
import { MemoryKills } from "./memory-kills.ts";
import { OutputWriter } from "./output-writer.ts";
import { PlainLog } from "./plain-log.ts";
import { terminationMessage } from "./termination-message.ts";

export interface PushRunnerPlaces {
  readonly spool: string;
  /** Where the end of the job goes, if it is there. */
  readonly terminationLog: string;
  /** Absent: the container's own. */
  readonly cgroup?: string;
}

const PLACES: PushRunnerPlaces = { spool: JOB_PATHS.spool, terminationLog: "/dev/termination-log" };

/**
 * Runs the job whose request is in a file: frames and messages go where the request says, its output is for people. Gives
 * the exit code, which tells the job's result whether or not the server could be told of it.
 */
export async function pushRunner(
  self: ContainerProcess,
  requestFile: string,
  places: PushRunnerPlaces = PLACES,
): Promise<number> {
  let request: JobRequest;
  try {
    request = parseJobRequest(readFileSync(requestFile, "utf8"));
  } catch (error) {
    return refuse(self, places, `The job request in ${requestFile} cannot be used: ${messageOf(error)}`);
  }
  if (request.push === undefined) {
    return refuse(self, places, `The job request in ${requestFile} does not say where frames go.`);
  }
  const { env, output, complain, onTerminate } = self;
  const cancel = new AbortController();
  const kill = new AbortController();
  onTerminate(() => cancel.abort(TOLD_TO_END));
  const onCommand = (command: RunnerCommand) => {
    if (command.type === "cancel") cancel.abort(command.reason);
    else if (command.type === "kill") {
      cancel.abort("killed");
      kill.abort();
    } else desk.take(command);
  };
  // In a pod containers of steps stand there before the job does: nobody is asked for one.
  const desk = new ContainerDesk(() => {});
  const pusher = createPushSink({
    target: request.push,
    spoolDirectory: places.spool,
    clock: systemClock,
    fetch: (url, init) => fetch(url, init),
    random: Math.random,
    onCommand,
    say: complain,
  });
  const out = new OutputWriter(output);
  const plain = new PlainLog((bytes) => void out.write(bytes));
  const kills = new MemoryKills(places.cgroup);
  /** A step that ran out of memory looks to its shell like any that was killed. */
  const explained = <T extends object>(final: T & Pick<JobFinishedFrame, "result" | "error">): T => {
    const why = final.result === "failure" ? kills.describe() : undefined;
    if (why === undefined) return final;
    return { ...final, error: final.error === undefined ? why : `${final.error}\n${why}` };
  };
  try {
    const finished = await runContainerJob(
      request,
      {
        sink: async (told) => {
          const frame = told.type === "job.finished" ? explained(told) : told;
          plain.take(frame);
          const pushed = pusher.sink(frame);
          await out.settled();
          await pushed;
        },
        signal: cancel.signal,
        kill: kill.signal,
        clock: systemClock,
        ...(env.SLIPWAY_TRACKING_ID === undefined ? {} : { trackingId: env.SLIPWAY_TRACKING_ID }),
      },
      env,
    );
    // Before the last delivery: should that take longer than the container may, the result is known all the same.
    leave(places, explained(finished), complain);
    const delivery = await pusher.finish();
    if (!delivery.delivered) complain(`Not all of the job's frames reached the server: ${delivery.reason}`);
    return EXIT_CODES[finished.result];
  } catch (error) {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return EXIT_BROKEN;
  }
}

/** A request that cannot be run is a failed job with a reason. */
function refuse({ complain }: ContainerProcess, places: PushRunnerPlaces, error: string): number {
  complain(error);
  leave(places, { type: "job.finished", result: "failure", outputs: {}, error, durationMs: 0 }, complain);
  return EXIT_CODES.failure;
}

function leave(
  { terminationLog }: PushRunnerPlaces,
  finished: JobFinishedFrame,
  complain: (text: string) => void,
): void {
  try {
    // Made by the kubelet; elsewhere there is none, and none is made.
    writeFileSync(terminationLog, terminationMessage(finished), { flag: "r+" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      complain(`The termination log cannot be written: ${messageOf(error)}`);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
