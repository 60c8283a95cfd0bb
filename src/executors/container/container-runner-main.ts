/**
 * The runner as the first process of a container. By itself: a job request and then commands on standard input, frames and
 * messages on standard output. With `--request FILE`: frames go where the request says, and the output is for people.
 *
 * Exit codes: 0 the job succeeded, 1 it failed, 3 it was cancelled, 2 no request came, 70 the runner broke.
 *
 * As process 1 it takes SIGTERM as a cancel, and leaves processes unreaped that steps lost: they hold an entry in the
 * process table until the container ends. Docker has a reaper for that (`HostConfig.Init`), a pod a shared process namespace.
 */
import type { ContainerProcess } from "./container-process.ts";

const self: ContainerProcess = {
  env: process.env,
  input: process.stdin,
  output: process.stdout,
  complain: (text) => process.stderr.write(`${text}\n`),
  onTerminate: (callback) => {
    process.on("SIGTERM", callback);
    process.on("SIGINT", callback);
  },
};

process.umask(0o022);
process.stderr.on("error", () => {});
const requestFile = argumentAfter("--request");
const code =
  requestFile === undefined
    ? await (await import("./stream-runner.ts")).streamRunner(self)
    : await (await import("./push-runner.ts")).pushRunner(self, requestFile);
process.stdin.destroy();
// What was written must be out first: an exit does not wait for a pipe.
process.stdout.write("", () => process.exit(code));

function argumentAfter(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}
