import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { CliClock, InputStream, Io, OutputStream } from "./io.ts";

/** Paths of the programs that come beside this one. */
export interface Programs {
  readonly spawner: string;
  readonly runner: string;
  /** May not be there. */
  readonly kit: string;
}

/** This process as an `Io`. */
export function processIo(
  host: NodeJS.Process,
  bundledActions: Io["bundledActions"],
  { spawner, runner, kit }: Programs,
): Io {
  return {
    stdout: new ProcessOutput(host.stdout),
    stderr: new ProcessOutput(host.stderr),
    stdin: processInput(host),
    env: host.env,
    cwd: host.cwd(),
    clock: processClock,
    onSignal(signal, listener) {
      host.on(signal, listener);
      return () => host.off(signal, listener);
    },
    exitNow: (code) => host.exit(code),
    nodePath: host.execPath,
    spawner: { file: host.execPath, args: [spawner] },
    runner: { file: host.execPath, args: [runner] },
    ...(existsSync(join(kit, "kit.json")) ? { kitFolder: kit } : {}),
    bundledActions,
    ...(host.getuid === undefined || host.getgid === undefined
      ? {}
      : { user: { uid: host.getuid(), gid: host.getgid() } }),
    pid: host.pid,
  };
}

const processClock: CliClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async wait(ms, signal) {
    await sleep(ms, undefined, { signal }).catch(() => {});
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms).unref();
    return () => clearInterval(timer);
  },
};

type TerminalOrPipe = Writable & { isTTY?: boolean; columns?: number; rows?: number };

class ProcessOutput implements OutputStream {
  readonly #stream: TerminalOrPipe;
  /** Called when the reader goes: listeners, and writers that wait for it to read on. */
  readonly #onClose = new Set<() => void>();
  closed = false;

  constructor(stream: TerminalOrPipe) {
    this.#stream = stream;
    // EPIPE, and EIO of a terminal that has gone: nobody reads any more. There is no one to tell.
    stream.on("error", () => this.#close());
  }

  get isTTY(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  write(chunk: string | Uint8Array): void | Promise<void> {
    if (this.closed || this.#stream.write(chunk)) return;
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off("drain", done);
        this.#onClose.delete(done);
        resolve();
      };
      this.#stream.on("drain", done);
      this.#onClose.add(done);
    });
  }

  onClose(listener: () => void): void {
    if (this.closed) listener();
    else this.#onClose.add(listener);
  }

  onResize(listener: () => void): () => void {
    this.#stream.on("resize", listener);
    return () => this.#stream.off("resize", listener);
  }

  #close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const listener of [...this.#onClose]) listener();
    this.#onClose.clear();
  }
}

function processInput(host: NodeJS.Process): InputStream {
  return {
    // Asking opens standard input; only a question needs that.
    get isTTY() {
      return host.stdin.isTTY === true;
    },
    async readHidden(prompt) {
      host.stderr.write(prompt);
      const line = await readRawLine(host.stdin);
      host.stderr.write("\n");
      return line;
    },
    async readAll() {
      const chunks: Buffer[] = [];
      for await (const chunk of host.stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks).toString();
    },
  };
}

/** Raw mode: the terminal shows nothing of what is typed. */
function readRawLine(
  stdin: Readable & { setRawMode?: (on: boolean) => unknown },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let line = "";
    const end = (result: string | undefined) => {
      stdin.off("data", onData).off("end", onEnd);
      stdin.setRawMode?.(false);
      stdin.pause();
      resolve(result);
    };
    const onEnd = () => end(undefined);
    const onData = (chunk: Buffer | string) => {
      for (const character of chunk.toString()) {
        if (character === "\r" || character === "\n") return end(line);
        if (character === "\u0003" || (character === "\u0004" && line === "")) return end(undefined);
        if (character === "\u007f" || character === "\b") line = [...line].slice(0, -1).join("");
        else if (character === "\u0015") line = "";
        else line += character;
      }
    };
    stdin.setRawMode?.(true);
    stdin.on("data", onData).on("end", onEnd);
    stdin.resume();
  });
}
