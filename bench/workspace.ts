// A repository to run workflows in, and the built program run there as its users do.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const programPath = fileURLToPath(new URL("../dist/slipway.mjs", import.meta.url));

export class Workspace implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "slipway-bench-"));

  constructor(workflow: string) {
    mkdirSync(join(this.path, ".github/workflows"), { recursive: true });
    writeFileSync(join(this.path, ".github/workflows/bench.yml"), workflow);
    const identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"];
    spawnSync("git", ["init", "--quiet"], { cwd: this.path });
    spawnSync("git", ["add", "--all"], { cwd: this.path });
    spawnSync("git", [...identity, "commit", "--quiet", "--message=bench"], { cwd: this.path });
  }

  /** Milliseconds of a whole `slipway run`; throws where it fails. */
  run(...args: string[]): Promise<number> {
    return timeProcess(process.execPath, [programPath, "run", ...args], { cwd: this.path, home: this.path });
  }

  /** Milliseconds of a whole `slipway validate`; throws where it finds errors. */
  validate(file: string): Promise<number> {
    return timeProcess(process.execPath, [programPath, "validate", file], {
      cwd: this.path,
      home: this.path,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Milliseconds from the start of a process to its end, its output read and dropped. */
export function timeProcess(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly home?: string; readonly input?: string } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(file, [...args], {
      // A bash whose input is one of Node's sockets reads `.bashrc`: that is none of the baseline's work.
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { PATH: process.env.PATH, HOME: options.home ?? process.env.HOME, LANG: "C.UTF-8" },
    });
    let tail = "";
    child.stdout?.on("data", (data: Buffer) => {
      tail = data.toString("latin1").slice(-2000);
    });
    child.stderr?.on("data", (data: Buffer) => {
      tail = data.toString("latin1").slice(-2000);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const ms = performance.now() - started;
      if (code === 0) resolve(ms);
      else reject(new Error(`${file} ${args.join(" ")} ended with ${code}: ${tail}`));
    });
    child.stdin?.end(options.input);
  });
}
