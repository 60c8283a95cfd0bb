// Runs the built program as its users do, in a repository of its own, and gives back what it said.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { git } from "./git.ts";

export const programPath = fileURLToPath(new URL("../../dist/slipway.mjs", import.meta.url));

export interface Ran {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Another user than who runs the tests. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Called with the child, e.g. to send it a signal once it has said something. */
  readonly onStdout?: (
    soFar: string,
    child: { kill(signal: NodeJS.Signals): void; readonly pid: number },
  ) => void;
}

/** A folder that goes away again. Real path, so that it compares equal to what programs report. */
export class Sandbox implements Disposable {
  readonly path: string = realpathSync(mkdtempSync(join(tmpdir(), "slipway-test-")));

  join(...names: string[]): string {
    return join(this.path, ...names);
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, content] of Object.entries(files)) {
      const path = this.join(name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    return this;
  }

  /** A folder below this one with these files, as a git repository with one commit. */
  repository(name: string, files: Readonly<Record<string, string>>): string {
    const path = this.join(name);
    mkdirSync(path, { recursive: true });
    this.write(
      Object.fromEntries(Object.entries(files).map(([file, content]) => [join(name, file), content])),
    );
    git(path, "init", "--quiet", "--initial-branch=main");
    git(path, "add", "--all");
    git(path, "commit", "--quiet", "--allow-empty", "--message=First commit");
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The environment every run starts from: nothing of the machine's CI, state and caches below `home`. */
export function cleanEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    LANG: "C.UTF-8",
    TMPDIR: tmpdir(),
    GIT_CONFIG_NOSYSTEM: "1",
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_STATE_HOME: join(home, ".local/state"),
  };
}

export function slipway(args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [programPath, ...args], {
      cwd: options.cwd,
      env: { ...cleanEnvironment(options.cwd), ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      ...options.user,
    });
    let stdout = "";
    let stderr = "";
    const { pid } = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (pid !== undefined) options.onStdout?.(stdout, { kill: (signal) => child.kill(signal), pid });
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}
