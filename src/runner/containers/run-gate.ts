import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { constants } from "node:os";
import { resolve } from "node:path";
import type { Clock } from "../../clock.ts";
import type { OutputPipes } from "../process/output-pipes.ts";
import type { ProcessEnd } from "../process/process-end.ts";
import { runProcess } from "../process/run-process.ts";
import { startError } from "../process/start-error.ts";
import { findProgram } from "../shells/find-program.ts";
import { encodeGateMessage, type GateEnd, type GateRun, readGateMessages } from "./gate-protocol.ts";

export interface GateOptions {
  /** Where the runner listens, now or later. */
  readonly socketPath: string;
  /** The container's own environment. */
  readonly env: { readonly [name: string]: string | undefined };
  readonly clock: Clock;
  readonly pipes: OutputPipes;
  /** The container is to end: what runs gets the signals of a cancel. */
  readonly signal: AbortSignal;
}

/** So often it is tried to reach a runner: at first, and later, in milliseconds. */
const SOON_MS = 20;
const LATER_MS = 200;
const SOON_ATTEMPTS = 250;

/**
 * The first process of a step's container: waits for the runner, runs one program for it as the container's user, hands on
 * its output and tells how it ended. Gives the exit code that the container is to have: the program's own; 0 where it was
 * ended before it had anything to run.
 */
export async function runGate(options: GateOptions): Promise<number> {
  const socket = await reach(options);
  if (socket === undefined) return 0;
  socket.on("error", () => {});
  socket.write(encodeGateMessage({ type: "hello" }));
  const cancel = new AbortController();
  const kill = new AbortController();
  options.signal.addEventListener("abort", () => cancel.abort(), { once: true });
  let running: Promise<number> | undefined;
  try {
    for await (const message of readGateMessages(socket)) {
      if (message.type === "cancel") cancel.abort();
      else if (message.type === "kill") kill.abort();
      else if (message.type === "run") {
        running ??= serve(message.run, socket, options, cancel.signal, kill.signal).finally(() =>
          socket.end(),
        );
      }
    }
  } catch {
    // The runner is gone, or no runner: there is nobody to run anything for.
  }
  if (running === undefined) return 0;
  // Nobody hears of it any more. (Where it has ended by itself, this comes to nothing.)
  kill.abort();
  return await running;
}

async function reach({ socketPath, clock, signal }: GateOptions): Promise<Socket | undefined> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const socket = connect({ path: socketPath });
    try {
      await once(socket, "connect", { signal });
      return socket;
    } catch {
      socket.destroy();
    }
    await pause(clock, attempt < SOON_ATTEMPTS ? SOON_MS : LATER_MS, signal);
  }
  return undefined;
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const takeBack = clock.after(delayMs, done);
    function done(): void {
      takeBack();
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}

async function serve(
  run: GateRun,
  socket: Socket,
  options: GateOptions,
  signal: AbortSignal,
  kill: AbortSignal,
): Promise<number> {
  const end = await execute(run, socket, options, signal, kill);
  if (!socket.destroyed) socket.write(encodeGateMessage({ type: "ended", end }));
  switch (end.kind) {
    case "exited":
    case "not-started":
      return end.code;
    case "signalled":
      return 128 + constants.signals[end.signal];
  }
}

async function execute(
  { argv: [name, ...args], env: given, cwd, grace, outputGrace }: GateRun,
  socket: Socket,
  { env: own, clock, pipes }: GateOptions,
  signal: AbortSignal,
  kill: AbortSignal,
): Promise<GateEnd> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(own)) {
    if (value !== undefined && !key.startsWith("SLIPWAY_")) env[key] = value;
  }
  Object.assign(env, given);
  const file = findProgram(name, { path: env.PATH ?? "", cwd });
  if (file === undefined) return notFound(name, { args, env, cwd });
  const end = await runProcess({
    file,
    args,
    cwd,
    env,
    signal,
    kill,
    clock,
    pipes,
    ...(grace === undefined ? {} : { grace }),
    ...(outputGrace === undefined ? {} : { outputGrace }),
    onOutput: async (data) => {
      if (socket.destroyed || socket.write(encodeGateMessage({ type: "output", data }))) return;
      await drained(socket);
    },
  });
  return gateEnd(end);
}

/** Also when it is closed: then nothing is to be waited for. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

function notFound(
  name: string,
  attempt: { readonly args: readonly string[]; readonly env: Record<string, string>; readonly cwd: string },
): GateEnd {
  if (!name.includes("/")) {
    const path = attempt.env.PATH ?? "";
    const message = `"${name}" was not found on the container's PATH (${path === "" ? "empty" : path}).`;
    return { kind: "not-started", code: 127, message };
  }
  const denied = existsSync(resolve(attempt.cwd, name));
  const code = denied ? "EACCES" : "ENOENT";
  const error = startError({ file: name, ...attempt }, Object.assign(new Error(code), { code }));
  return { kind: "not-started", code: denied ? 126 : 127, message: error.message };
}

function gateEnd(end: ProcessEnd): GateEnd {
  switch (end.kind) {
    case "exited":
      return { kind: "exited", code: end.code };
    case "signalled":
      return { kind: "signalled", signal: end.signal };
    case "lost":
    case "not-started":
      if (end.cancelled) return { kind: "signalled", signal: "SIGKILL" };
      return {
        kind: "not-started",
        code: end.error.code === "NotFound" ? 127 : 126,
        message: end.error.message,
      };
  }
}
