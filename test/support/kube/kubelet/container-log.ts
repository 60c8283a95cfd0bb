/** The log of one simulated container: lines with times, readers that follow, and the kubelet's rotation. */
import type { LogEntry, LogQuery } from "./kubelet.ts";

interface Line extends LogEntry {
  readonly ms: number;
}

export class ContainerLog {
  readonly #now: () => number;
  readonly #maxBytes: number;
  #lines: Line[] = [];
  #sizeBytes = 0;
  #partial = "";
  #ended = false;
  /** Grows with each rotation; a reader of an older one ends. */
  #generation = 0;
  #stamp = 0;
  #wake: (() => void)[] = [];

  /** `maxBytes`: the log is rotated when it is longer; only what comes then is kept (kubelet: 10 MiB). */
  constructor(now: () => number, maxBytes: number) {
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  append(text: string): void {
    if (this.#ended) return;
    const whole = `${this.#partial}${text}`;
    const end = whole.lastIndexOf("\n") + 1;
    this.#partial = whole.slice(end);
    for (const line of whole.slice(0, end).split(/(?<=\n)/)) if (line !== "") this.#add(line);
    this.#awake();
  }

  /** The container has ended: readers end when they have told all. */
  end(): void {
    if (this.#partial !== "") this.#add(this.#partial);
    this.#partial = "";
    this.#ended = true;
    this.#awake();
  }

  async *read(query: LogQuery, signal: AbortSignal): AsyncIterable<LogEntry> {
    const generation = this.#generation;
    const { sinceMs, tailLines } = query;
    const first = sinceMs === undefined ? 0 : this.#lines.findIndex(({ ms }) => ms >= sinceMs);
    let at = first < 0 ? this.#lines.length : first;
    if (tailLines !== undefined) at = Math.max(at, this.#lines.length - tailLines);
    // What stands there when a reader comes that does not follow is all it gets.
    let stop = query.follow ? Number.POSITIVE_INFINITY : this.#lines.length;
    const lines = this.#lines;
    signal.addEventListener("abort", () => this.#awake(), { once: true });
    while (!signal.aborted) {
      const line = at < stop ? lines[at] : undefined;
      if (line !== undefined) {
        at += 1;
        yield line;
      } else if (this.#ended || generation !== this.#generation || at >= stop) {
        if (at >= lines.length || at >= stop) return;
        stop = lines.length;
      } else {
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    }
  }

  #add(text: string): void {
    const bytes = Buffer.from(text);
    const ms = this.#now();
    this.#stamp = (this.#stamp + 1) % 1_000_000;
    const nanos = String(this.#stamp).padStart(6, "0");
    const timestamp = new Date(ms).toISOString().replace("Z", `${nanos}Z`);
    if (this.#sizeBytes + bytes.length > this.#maxBytes && this.#lines.length > 0) {
      this.#lines = [];
      this.#sizeBytes = 0;
      this.#generation += 1;
    }
    this.#lines.push({ ms, timestamp, bytes });
    this.#sizeBytes += bytes.length;
  }

  #awake(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
