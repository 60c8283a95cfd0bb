/** An `Io` in memory: what tests of whole commands run against. */
import type { CliSignal, Io, OutputStream } from "./io.ts";

export interface MemoryOutput extends OutputStream {
  readonly text: string;
  resize(columns: number, rows: number): void;
  close(): void;
}

export function memoryOutput(terminal?: { columns: number; rows: number }): MemoryOutput {
  let chunks: Buffer[] = [];
  let size = terminal ?? { columns: 80, rows: 24 };
  let closed = false;
  const resizeListeners = new Set<() => void>();
  const closeListeners = new Set<() => void>();
  return {
    isTTY: terminal !== undefined,
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    get closed() {
      return closed;
    },
    get text() {
      chunks = [Buffer.concat(chunks)];
      return String(chunks[0]);
    },
    write(chunk) {
      if (!closed) chunks.push(Buffer.from(chunk));
    },
    onClose(listener) {
      closeListeners.add(listener);
    },
    onResize(listener) {
      resizeListeners.add(listener);
      return () => resizeListeners.delete(listener);
    },
    resize(columns, rows) {
      size = { columns, rows };
      for (const listener of resizeListeners) listener();
    },
    close() {
      closed = true;
      for (const listener of closeListeners) listener();
    },
  };
}

export interface MemoryIoOptions {
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** What is typed at hidden prompts, in order. Present: standard input is a terminal. */
  readonly typed?: readonly (string | undefined)[];
  /** What standard input holds, where it is no terminal. */
  readonly stdin?: string;
  readonly now?: () => number;
}

export interface MemoryIo extends Io {
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
  signal(name: CliSignal): void;
  /** Calls everything that waits for time to pass. */
  tick(): void;
}

export function memoryIo(options: MemoryIoOptions): MemoryIo {
  const typed = [...(options.typed ?? [])];
  const listeners = new Map<CliSignal, Set<() => void>>();
  const ticks = new Set<() => void>();
  const now = options.now ?? (() => Date.UTC(2026, 0, 2, 3, 4, 5));
  const stderr = memoryOutput(options.terminal);
  return {
    stdout: memoryOutput(options.terminal),
    stderr,
    stdin: {
      isTTY: options.typed !== undefined,
      async readHidden(prompt) {
        stderr.write(prompt);
        return typed.shift();
      },
      readAll: async () => options.stdin ?? "",
    },
    env: { HOME: options.cwd, ...options.env },
    cwd: options.cwd,
    clock: {
      now,
      monotonic: () => performance.now(),
      async wait() {},
      every(_ms, callback) {
        ticks.add(callback);
        return () => ticks.delete(callback);
      },
    },
    onSignal(name, listener) {
      const known = listeners.get(name) ?? new Set();
      listeners.set(name, known.add(listener));
      return () => known.delete(listener);
    },
    signal(name) {
      for (const listener of [...(listeners.get(name) ?? [])]) listener();
    },
    tick() {
      for (const callback of [...ticks]) callback();
    },
    exitNow: () => {},
    nodePath: process.execPath,
    bundledActions: {},
    runner: { file: process.execPath, args: [] },
    pid: 4321,
  };
}
