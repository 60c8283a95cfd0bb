/** The one program of a step's container, under the kit's init: `node gate.mjs <socket>`. See `runGate`. */
import { systemClock } from "../../clock.ts";
import { runGate } from "../../runner/containers/run-gate.ts";
import { containersEnvironment } from "./containers-environment.ts";
import { kitPipes } from "./kit-pipes.ts";

const [, , socketPath] = process.argv;
if (socketPath === undefined) {
  process.stderr.write("A gate needs the path of the socket that a runner listens on.\n");
  process.exit(2);
}
const terminate = new AbortController();
// As process 1 it would be deaf to them otherwise.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => terminate.abort());
const complain = (text: string) => void process.stderr.write(`${text}\n`);
const env = containersEnvironment({ env: process.env, ppid: process.ppid, complain });
const pipes = kitPipes();
pipes.prepare();
process.exit(await runGate({ socketPath, env, clock: systemClock, pipes, signal: terminate.signal }));
