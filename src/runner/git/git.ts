import { spawn } from "node:child_process";
import { ExecError } from "../../errors.ts";
import { gitEnvironment } from "./git-environment.ts";

export interface GitOptions {
  readonly cwd?: string;
  readonly signal: AbortSignal;
  /** Given to git on standard input. */
  readonly input?: string | Uint8Array;
  /** Settings for this call alone; they travel in the environment, where `ps` does not show them. */
  readonly config?: { readonly [key: string]: string };
  readonly env?: { readonly [name: string]: string };
}

export interface GitResult {
  /** 128 and up: git itself gave up. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A git that is not looked for on PATH. */
export interface GitProgram {
  readonly file: string;
  /** What it needs to find its own parts; goes before all others. */
  readonly env: { readonly [name: string]: string };
}

/** Runs git and gives what came out, whatever its exit code. Rejects with `ExecError` if cancelled or not startable. */
export type Git = (args: readonly string[], options: GitOptions) => Promise<GitResult>;

/** How long git may tidy up after a cancel (it removes its lock files) before it is killed. */
const TERMINATE_MS = 2_000;
const MAX_STDERR = 64 * 1024;

/** Git that never asks, never pages, never takes optional locks, and is deaf to a surrounding git's variables. */
export function createGit(baseEnv: { readonly [name: string]: string }, program?: GitProgram): Git {
  return (args, options) => run(args, options, baseEnv, program);
}

function run(
  args: readonly string[],
  options: GitOptions,
  baseEnv: { readonly [name: string]: string },
  program: GitProgram | undefined,
): Promise<GitResult> {
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>();
  const { signal } = options;
  if (signal.aborted) return Promise.reject(cancelled());
  const env = gitEnvironment(baseEnv, options.config ?? {}, { ...options.env, ...program?.env });
  // A session of its own: no terminal to ask on, and a group that can be ended as a whole.
  const child = spawn(program?.file ?? "git", args, { cwd: options.cwd, env, detached: true, stdio: "pipe" });
  const stdout: Buffer[] = [];
  let stderr = "";
  let timer: NodeJS.Timeout | undefined;
  const end = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // It has ended already.
    }
  };
  const abort = () => {
    end("SIGTERM");
    timer = setTimeout(end, TERMINATE_MS, "SIGKILL");
  };
  signal.addEventListener("abort", abort, { once: true });
  const settle = () => {
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
  };
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR);
  });
  child.once("error", (error: NodeJS.ErrnoException) => {
    settle();
    reject(notStarted(error, options.cwd));
  });
  child.once("close", (code) => {
    settle();
    if (signal.aborted) reject(cancelled());
    else resolve({ code: code ?? 255, stdout: Buffer.concat(stdout), stderr });
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  return promise;
}

function cancelled(): ExecError {
  return new ExecError("Cancelled", "Cancelled while git was running.");
}

function notStarted(error: NodeJS.ErrnoException, cwd: string | undefined): ExecError {
  const message =
    error.code === "ENOENT"
      ? `git could not be started: it is not on PATH${cwd === undefined ? "" : `, or '${cwd}' does not exist`}.`
      : `git could not be started: ${error.message}.`;
  return new ExecError("Permanent", message, { cause: error });
}
