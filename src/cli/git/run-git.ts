import { spawn } from "node:child_process";
import type { Environment } from "../io.ts";

interface GitAnswer {
  /** 127: git could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one git command that only reads. Never rejects. */
export type RunGit = (args: readonly string[]) => Promise<GitAnswer>;

export function gitIn(cwd: string, env: Environment): RunGit {
  return (args) =>
    new Promise((resolve) => {
      const child = spawn("git", [...args], {
        cwd,
        // Messages are matched; and nothing here may take a lock that a `git commit` beside it waits for.
        env: { ...env, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      child.on("error", (error) => resolve({ code: 127, stdout: "", stderr: error.message }));
      child.on("close", (code) =>
        resolve({
          code: code ?? 128,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        }),
      );
    });
}
