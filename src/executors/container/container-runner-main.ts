/**
 * The runner as the first process of a container. By itself: a job request and then commands on standard input, frames and
 * messages on standard output. With `--request FILE`: frames go where the request says.
 *
 * Exit codes: 0 the job succeeded, 1 it failed, 3 it was cancelled, 2 no request came, 70 the runner broke.
 *
 * As process 1 it takes SIGTERM as a cancel, and leaves processes unreaped that steps lost: they hold an entry in the
 * process table until the container ends. Docker has a reaper for that (`HostConfig.Init`), a pod a shared process namespace.
 */
import { once } from "node:events";
import { systemClock } from "../../clock.ts";
import type { JobFinishedFrame } from "../../protocol/frame.ts";
import { runRunner } from "../local/run-runner.ts";
import { runContainerJob } from "./container-job.ts";

const EXIT_CODES = { success: 0, failure: 1, cancelled: 3 } as const;

const { env } = process;
const outlives = env.SLIPWAY_OUTLIVES === "1";
let result: JobFinishedFrame["result"] = "failure";

process.umask(0o022);
process.stderr.on("error", () => {});
const outputLost = once(process.stdout, "error");
const code = await runRunner({
  input: process.stdin,
  outlives,
  write: async (text) => {
    if (!process.stdout.write(text)) await Promise.race([once(process.stdout, "drain"), outputLost]);
  },
  onOutputLost: (callback) => process.stdout.on("error", callback),
  onTerminate: (callback) => {
    process.on("SIGTERM", callback);
    process.on("SIGINT", callback);
  },
  clock: systemClock,
  trackingId: env.SLIPWAY_TRACKING_ID,
  complain: (text) => process.stderr.write(`${text}\n`),
  runJob: async (request, ports) => {
    const finished = await runContainerJob(request, ports, env);
    result = finished.result;
    return finished;
  },
});
process.stdin.destroy();
// What was written must be out first: an exit does not wait for a pipe.
process.stdout.write("", () => process.exit(code === 0 ? EXIT_CODES[result] : code));
