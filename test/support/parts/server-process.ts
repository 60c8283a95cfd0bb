import { type ChildProcess, spawn } from "node:child_process";

export interface ServerProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  readonly as?: { readonly uid: number; readonly gid: number } | undefined;
  /** Asked again and again until it says true: the server can be used. */
  readonly isReady: () => Promise<boolean>;
  readonly stopSignal?: NodeJS.Signals;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when it has ended. Idempotent. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;

/** Starts a server and waits until it can be used. Rejects with what it printed where it ends before that. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { file, args, cwd, env, as, isReady, stopSignal = "SIGTERM" } = options;
  const child = spawn(file, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", ...env },
    ...as,
  });
  let printed = "";
  const keep = (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      printed += error.message;
      resolve();
    });
  });
  const stop = async (signal: NodeJS.Signals = stopSignal): Promise<void> => {
    signalGroup(child, signal);
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  };
  const deadline = Date.now() + READY_LIMIT_MS;
  while (!(await isReady().catch(() => false))) {
    const gone = await Promise.race([ended.then(() => true), pause(50).then(() => false)]);
    if (gone) throw new Error(`${file} ended before it was ready:\n${printed}`);
    if (Date.now() > deadline) {
      await stop("SIGKILL");
      throw new Error(`${file} was not ready in time:\n${printed}`);
    }
  }
  return { pid: child.pid ?? 0, stop };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has just ended.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
