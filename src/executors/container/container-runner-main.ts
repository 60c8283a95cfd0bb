/**
 * The runner as the one program of a container, under the kit's init (`firstProcess`). By itself: a job request and then commands on standard input, frames and
 * messages on standard output. With `--request FILE`: frames go where the request says, and the output is for people.
 *
 * Exit codes: 0 the job succeeded, 1 it failed, 3 it was cancelled, 2 no request came, 70 the runner broke.
 *
 * It takes SIGTERM as a cancel.
 */
import type { ContainerProcess } from "./container-process.ts";
import { containersEnvironment } from "./containers-environment.ts";

const complain = (text: string) => void process.stderr.write(`${text}\n`);
const self: ContainerProcess = {
  env: containersEnvironment({ env: process.env, ppid: process.ppid, complain }),
  input: process.stdin,
  output: process.stdout,
  complain,
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
