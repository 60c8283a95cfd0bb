/** Starts processes for another program, on its orders: see `Spawner`. Ends when that program does. */
import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import type { SpawnNews, SpawnOrder } from "./spawner-protocol.ts";

function say(news: SpawnNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

function carryOut({ id, file, args, cwd, env, stdin, output }: SpawnOrder): void {
  const fds: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    fds.push(fd);
    return fd;
  };
  try {
    let input: number | "ignore";
    let out: number;
    try {
      input = stdin === undefined ? "ignore" : open(stdin, constants.O_RDONLY);
      out = open(output, constants.O_WRONLY);
    } catch {
      say({ kind: "unusable", id });
      return;
    }
    const failed = ({ code, message }: NodeJS.ErrnoException) => say({ kind: "failed", id, code, message });
    try {
      const child = spawn(file, args, { cwd, env, stdio: [input, out, out], detached: true });
      const { pid } = child;
      if (pid === undefined) {
        child.once("error", failed);
        return;
      }
      child.on("error", () => {});
      say({ kind: "started", id, pid });
      child.once("exit", (code, signal) => say({ kind: "ended", id, code, signal }));
    } catch (error) {
      failed(error as NodeJS.ErrnoException);
    }
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

// Asked to end together with everything else (by a service manager, say), it stays for the news of how the others end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) carryOut(JSON.parse(line));
});
// Whoever gave the orders is gone: what it started is not this program's to end.
process.stdin.on("close", () => process.exit());
process.stdout.on("error", () => process.exit());
say({ kind: "ready" });
