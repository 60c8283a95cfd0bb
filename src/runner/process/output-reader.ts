import type { Readable } from "node:stream";

/** What a read of Node's takes at most: a shorter chunk means that the pipe was empty at that moment. */
const READ_SIZE = 65_536;
/** More than a pipe can hold: so much read after a process ended, its own output is surely among it. */
const PIPE_LIMIT = 1_048_576;

interface OutputStream extends Readable {
  unref?(): unknown;
}

/**
 * Reads the output of one process, in the order it comes, no faster than the receiver takes it.
 *
 * `closed` settles when every writer has closed its end; it rejects with what the receiver throws.
 */
export class OutputReader {
  readonly closed: Promise<void>;
  /** Called for each chunk, after the receiver. */
  onActivity: (() => void) | undefined;
  readonly #streams: readonly OutputStream[];
  readonly #receive: (chunk: Uint8Array) => void | Promise<void>;
  readonly #close: () => void;
  readonly #fail: (error: unknown) => void;
  #open: number;
  #waiting = 0;
  #countFrom = 0;
  #read = 0;
  #emptied = false;
  #dropping = false;

  constructor(streams: readonly OutputStream[], receive: (chunk: Uint8Array) => void | Promise<void>) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.closed = promise;
    this.closed.catch(() => {});
    this.#close = resolve;
    this.#fail = (error) => {
      this.#dropping = true;
      reject(error);
    };
    this.#streams = streams;
    this.#receive = receive;
    this.#open = streams.length;
    for (const stream of streams) {
      stream.on("data", (chunk: Uint8Array) => this.#take(chunk));
      stream.on("error", () => {});
      stream.once("close", () => this.#closeOne());
    }
  }

  /** The process has ended: from here on `drained` tells whether all that it wrote has been read. */
  processEnded(): void {
    this.#countFrom = this.#read;
    this.#emptied = false;
  }

  /** True: every writer has closed its end, and all was read. */
  get ended(): boolean {
    return this.#open === 0;
  }

  /** True while the receiver is not ready for more. */
  get held(): boolean {
    return this.#waiting > 0;
  }

  get drained(): boolean {
    return !this.held && (this.#emptied || this.#read - this.#countFrom >= PIPE_LIMIT);
  }

  /**
   * Gives nothing more to the receiver. The pipes stay open and are read, so that a process which goes on writing
   * neither blocks nor dies of a broken pipe; they do not keep this program alive.
   */
  abandon(): void {
    this.#dropping = true;
    for (const stream of this.#streams) {
      stream.unref?.();
      stream.resume();
    }
    this.#close();
  }

  #take(chunk: Uint8Array): void {
    if (this.#dropping) return;
    this.#read += chunk.length;
    if (chunk.length < READ_SIZE) this.#emptied = true;
    let taken: void | Promise<void>;
    try {
      taken = this.#receive(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (taken !== undefined) this.#hold(taken);
    this.onActivity?.();
  }

  #hold(taken: Promise<void>): void {
    this.#waiting++;
    for (const stream of this.#streams) stream.pause();
    taken.then(
      () => this.#release(),
      (error: unknown) => {
        this.#fail(error);
        this.#release();
      },
    );
  }

  #release(): void {
    this.#waiting--;
    if (this.#waiting > 0) return;
    if (this.#open === 0) this.#close();
    else for (const stream of this.#streams) stream.resume();
  }

  #closeOne(): void {
    this.#open--;
    if (this.#open === 0 && this.#waiting === 0) this.#close();
  }
}
