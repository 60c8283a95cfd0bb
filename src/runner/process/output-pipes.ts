import { spawn } from "node:child_process";
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FIRST_BATCH = 4;
const LARGEST_BATCH = 64;
const USUAL_PATH = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin:/slipway/bin";
/** Here files cost nothing; on some disks each costs half a millisecond. */
const MEMORY = "/dev/shm";

/** The end of this program does not block, the end of the process does. */
export interface ProcessPipe {
  readonly ours: number;
  /** Close it once the process has it. */
  readonly theirs: number;
  /** Call it when both ends are closed. `empty`: all was read, so that the pipe can serve again. */
  release(empty: boolean): void;
}

/**
 * Real pipes for the output of processes. Node's own stdio "pipes" are sockets: a script that writes to `/dev/stderr`
 * fails on them, and stdout and stderr are two of them, so that the order between the two is lost.
 *
 * Node cannot make a pipe, but `mkfifo` makes many at once. Each is opened and unlinked at once; what is left of it is
 * a descriptor, through which (by `/proc/self/fd`) it is opened again for every process it serves. One supply can
 * serve any number of jobs. Where this does not work (other systems than Linux, no `mkfifo`) it gives none, and
 * processes get Node's.
 */
export class OutputPipes {
  readonly #parent: string;
  readonly #path: string;
  readonly #makeFifo: readonly [string, ...string[]];
  /** Descriptors of pipes that nobody uses. */
  readonly #free: number[] = [];
  #batch = FIRST_BATCH;
  #making: Promise<void> | undefined;
  #unusable = !existsSync("/proc/self/fd");
  #closed = false;

  /** `parent` is where the pipes are made, for a moment; `path` is where `makeFifo`, a command without its names, is looked for. */
  constructor(
    parent: string = existsSync(MEMORY) ? MEMORY : tmpdir(),
    path: string = USUAL_PATH,
    makeFifo: readonly [string, ...string[]] = ["mkfifo"],
  ) {
    this.#parent = parent;
    this.#path = path;
    this.#makeFifo = makeFifo;
  }

  /** Begins to make the first pipes, so that the first process need not wait for them. */
  prepare(): void {
    if (this.#free.length === 0) this.#refill();
  }

  /** For what a process writes. Undefined: there are none to be had here. The caller closes both ends. */
  takeOutput(): Promise<ProcessPipe | undefined> {
    return this.#take(constants.O_RDONLY | constants.O_NONBLOCK, constants.O_WRONLY);
  }

  /** For what a process reads. (bash, too, takes a socket for stdin as a sign: it then reads `.bashrc`.) */
  takeInput(): Promise<ProcessPipe | undefined> {
    return this.#take(constants.O_WRONLY | constants.O_NONBLOCK, constants.O_RDONLY);
  }

  /** Lets go of all that are not in use. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#making;
    for (const fd of this.#free.splice(0)) closeSync(fd);
  }

  async #take(ourFlags: number, theirFlags: number): Promise<ProcessPipe | undefined> {
    let pipe = this.#free.pop();
    while (pipe === undefined) {
      if (this.#unusable || this.#closed) return undefined;
      this.#refill();
      await this.#making;
      pipe = this.#free.pop();
    }
    return this.#open(pipe, ourFlags, theirFlags);
  }

  /** The descriptor of the pipe itself is open for reading: so neither end waits for the other to be opened. */
  #open(pipe: number, ourFlags: number, theirFlags: number): ProcessPipe {
    const path = `/proc/self/fd/${pipe}`;
    const opened: number[] = [];
    try {
      for (const flags of orderedByWriting(ourFlags, theirFlags)) opened.push(openSync(path, flags));
    } catch (error) {
      for (const fd of [...opened, pipe]) closeSync(fd);
      throw error;
    }
    const [first = -1, second = -1] = opened;
    const writesToUs = (theirFlags & constants.O_WRONLY) !== 0;
    return {
      ours: writesToUs ? second : first,
      theirs: writesToUs ? first : second,
      release: (empty) => {
        if (empty && !this.#closed) this.#free.push(pipe);
        else closeSync(pipe);
      },
    };
  }

  #refill(): void {
    if (this.#making !== undefined || this.#unusable || this.#closed) return;
    const count = this.#batch;
    this.#batch = Math.min(this.#batch * 2, LARGEST_BATCH);
    this.#making = this.#make(count).then((made) => {
      this.#making = undefined;
      this.#free.push(...made);
      if (made.length === 0) this.#unusable = true;
    });
  }

  async #make(count: number): Promise<number[]> {
    let directory: string | undefined;
    const made: number[] = [];
    try {
      directory = mkdtempSync(join(this.#parent, "slipway-pipes-"));
      const names = Array.from({ length: count }, (_, i) => join(directory ?? "", `${i}`));
      if (!(await makeFifos(names, this.#path, this.#makeFifo))) return [];
      for (const name of names) made.push(openSync(name, constants.O_RDONLY | constants.O_NONBLOCK));
    } catch {
      // Those that were made are of use all the same.
    } finally {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    }
    return made;
  }
}

/** The end for reading is opened last: opened without O_NONBLOCK it waits for one that writes. */
function orderedByWriting(a: number, b: number): [number, number] {
  return (a & constants.O_WRONLY) !== 0 ? [a, b] : [b, a];
}

function makeFifos(
  names: readonly string[],
  path: string,
  [file, ...args]: readonly [string, ...string[]],
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args, "-m", "600", ...names], { stdio: "ignore", env: { PATH: path } });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
