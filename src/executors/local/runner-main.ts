/** The runner as a program: a job request and then commands on standard input, frames on standard output. */
import { once } from "node:events";
import { systemClock } from "../../clock.ts";
import { runRunner } from "./run-runner.ts";

const code = await runRunner({
  input: process.stdin,
  write: async (text) => {
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  },
  onOutputLost: (callback) => process.stdout.on("error", callback),
  onTerminate: (callback) => {
    process.on("SIGTERM", callback);
    process.on("SIGINT", callback);
  },
  clock: systemClock,
  trackingId: process.env.SLIPWAY_TRACKING_ID,
  complain: (text) => process.stderr.write(`${text}\n`),
});
process.stdin.destroy();
// What was written must be out first: an exit does not wait for a pipe.
process.stdout.write("", () => process.exit(code));
