/** Everything a command touches outside the project: handed in, so that tests run the whole program in memory. */
export interface Io {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: InputStream;
  readonly env: Environment;
  /** Absolute. */
  readonly cwd: string;
  readonly clock: CliClock;
  /** Calls back at each arrival of a signal until the returned function is called. */
  onSignal(signal: CliSignal, listener: () => void): () => void;
  /** Ends the process on the spot, whatever is under way. */
  exitNow(code: number): void;
  /** The node that runs JavaScript actions. */
  readonly nodePath: string;
  /** Starts the processes of long runs; see `Spawner`. Absent: this process does. */
  readonly spawner?: { readonly file: string; readonly args: readonly string[] };
  /** The program that runs one job of a server. */
  readonly runner: { readonly file: string; readonly args: readonly string[] };
  /** As in `ServerHost`. */
  readonly kitFolder?: string;
  /** As `ActionSources.bundled`. */
  readonly bundledActions: { readonly [name: string]: string };
  /** Who runs it; absent where there are no such ids. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Of this process: makes names of things that two runs at once must not share. */
  readonly pid: number;
}

export type Environment = { readonly [name: string]: string | undefined };

export type CliSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface OutputStream {
  readonly isTTY: boolean;
  /** Of the terminal; 80 × 24 where it is none. */
  readonly columns: number;
  readonly rows: number;
  /** A returned promise is back-pressure: it resolves when more is welcome, or the reader has gone. Never rejects. */
  write(chunk: string | Uint8Array): void | Promise<void>;
  /** True once the reader has gone (EPIPE): writing is pointless from then on, and does nothing. */
  readonly closed: boolean;
  /** Called once, when the reader has gone. */
  onClose(listener: () => void): void;
  onResize(listener: () => void): () => void;
}

export interface InputStream {
  readonly isTTY: boolean;
  /** Reads one line from the terminal without showing it. Undefined: it was closed or Ctrl-C was typed. */
  readHidden(prompt: string): Promise<string | undefined>;
  /** Everything until its end, as text. */
  readAll(): Promise<string>;
}

export interface CliClock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Milliseconds on a clock that only goes forward. */
  monotonic(): number;
  /** As in `BuildClock`. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls back again and again until the returned function is called. Holds no process alive. */
  every(ms: number, callback: () => void): () => void;
}
