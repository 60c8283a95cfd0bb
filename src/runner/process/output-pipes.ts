import { spawn } from "node:child_process";
import { closeSync, constants, existsSync, mkdirSync, openSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";

const FIRST_BATCH = 8;
const BATCH = 64;
const REFILL_BELOW = 4;
const USUAL_PATH = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin:/opt/homebrew/bin:/slipway/bin";

/** The end of this program does not block, the end of the process does. */
export interface ProcessPipe {
  readonly ours: number;
  /** Close it once the process has it. */
  readonly theirs: number;
}

/** Opens a pipe that has no name any more once again. Linux only. */
const OPEN_FILES = "/proc/self/fd";

/**
 * Real pipes for the output of processes. Node's own stdio "pipes" are sockets: a script that writes to `/dev/stderr`
 * fails on them, and stdout and stderr are two of them, so that the order between the two is lost.
 *
 * Node cannot make a pipe, but `mkfifo` makes many at once; each is unlinked when it is first opened, and is then a
 * pipe like any other. What is given back is used again: a job of many steps would otherwise make and remove as many
 * files, which some file systems (ext4) do slower and slower. One `OutputPipes` a job; `close` when the job has
 * ended. Where there is no `mkfifo` (Windows, say) it gives none and processes get Node's.
 */
export class OutputPipes {
  readonly #directory: string;
  readonly #path: string;
  readonly #free: string[] = [];
  /** Keeps a pipe in being that was taken: a further, unread end of it. */
  readonly #anchors = new Map<ProcessPipe, number>();
  readonly #idle: number[] = [];
  #named = 0;
  #making: Promise<void> | undefined;
  #unusable = false;
  #closed = false;

  /** `directory` is made when first needed, on a file system that has FIFOs; `path` is where `mkfifo` is looked for. */
  constructor(directory: string, path: string = USUAL_PATH) {
    this.#directory = directory;
    this.#path = path;
  }

  /** Begins to make the first pipes, so that the first step need not wait for them. */
  prepare(): void {
    if (this.#named === 0) this.#refill();
  }

  /** For what a process writes. Undefined: there are none to be had here. The caller closes both ends. */
  async takeOutput(): Promise<ProcessPipe | undefined> {
    const anchor = this.#idle.pop();
    if (anchor === undefined) return await this.#take((name) => this.#anchored(name));
    const pipe = openOutput(`${OPEN_FILES}/${anchor}`);
    this.#anchors.set(pipe, anchor);
    return pipe;
  }

  /**
   * A pipe from `takeOutput` is done with. `empty`: every writer has closed its end and all was read, so that it may
   * serve another process.
   */
  giveBack(pipe: ProcessPipe, empty: boolean): void {
    const anchor = this.#anchors.get(pipe);
    this.#anchors.delete(pipe);
    if (anchor === undefined) return;
    if (empty && !this.#closed) this.#idle.push(anchor);
    else closeSync(anchor);
  }

  /** For what a process reads. (bash, too, takes a socket for stdin as a sign: it then reads `.bashrc`.) */
  takeInput(): Promise<ProcessPipe | undefined> {
    return this.#take(openInput);
  }

  /** Removes what was made and not used. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const anchor of [...this.#idle.splice(0), ...this.#anchors.values()]) closeSync(anchor);
    this.#anchors.clear();
    await this.#making;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #take(open: (name: string) => ProcessPipe): Promise<ProcessPipe | undefined> {
    for (;;) {
      if (this.#unusable || this.#closed) return undefined;
      const name = this.#free.pop();
      if (this.#free.length < REFILL_BELOW) this.#refill();
      if (name === undefined) {
        await this.#making;
        continue;
      }
      try {
        const pipe = open(name);
        unlinkSync(name);
        return pipe;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        // Someone removed them all: a step may empty its temporary folder.
        this.#free.length = 0;
        this.#refill();
      }
    }
  }

  #anchored(name: string): ProcessPipe {
    const pipe = openOutput(name);
    if (existsSync(OPEN_FILES))
      this.#anchors.set(pipe, openSync(name, constants.O_RDONLY | constants.O_NONBLOCK));
    return pipe;
  }

  #refill(): void {
    if (this.#making !== undefined || this.#unusable || this.#closed) return;
    const count = this.#named === 0 ? FIRST_BATCH : BATCH;
    const names = Array.from({ length: count }, () => join(this.#directory, `${this.#named++}`));
    this.#making = this.#make(names).then((made) => {
      this.#making = undefined;
      if (made) this.#free.push(...names);
      else this.#unusable = true;
    });
  }

  #make(names: readonly string[]): Promise<boolean> {
    return new Promise((resolve) => {
      try {
        mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
        const options = { stdio: "ignore", env: { PATH: this.#path } } as const;
        const child = spawn("mkfifo", ["-m", "600", ...names], options);
        child.once("error", () => resolve(false));
        child.once("exit", (code) => resolve(code === 0));
      } catch {
        resolve(false);
      }
    });
  }
}

/** Opening a FIFO waits for someone at its other end, except to read it with O_NONBLOCK: hence the order. */
function openOutput(name: string): ProcessPipe {
  const ours = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  return { ours, theirs: openOr(() => openSync(name, constants.O_WRONLY), ours) };
}

function openInput(name: string): ProcessPipe {
  const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const ours = openOr(() => openSync(name, constants.O_WRONLY | constants.O_NONBLOCK), reader);
  try {
    return { ours, theirs: openOr(() => openSync(name, constants.O_RDONLY), ours) };
  } finally {
    closeSync(reader);
  }
}

function openOr(open: () => number, closeOnFailure: number): number {
  try {
    return open();
  } catch (error) {
    closeSync(closeOnFailure);
    throw error;
  }
}
