const MAX_ENTRIES = 100_000;

/** Collects when the bytes of a log were printed. Of a very long log it keeps coarser times, so that it stays small. */
export class LogTimesBuilder {
  #offsets: number[] = [];
  #ats: number[] = [];
  #stepMs = 0;

  /** From this byte on. Offsets grow. */
  add(offset: number, at: number): void {
    const last = this.#ats.at(-1);
    if (last !== undefined && (at === last || Math.abs(at - last) < this.#stepMs)) return;
    this.#offsets.push(offset);
    this.#ats.push(at);
    if (this.#offsets.length > MAX_ENTRIES) this.#coarsen();
  }

  /** One line of text an entry: how many bytes and milliseconds it is after the one before. */
  encode(): Uint8Array {
    const lines: string[] = [];
    let offset = 0;
    let at = 0;
    for (const [index, next] of this.#offsets.entries()) {
      const nextAt = this.#ats[index] ?? at;
      lines.push(`${next - offset} ${nextAt - at}\n`);
      offset = next;
      at = nextAt;
    }
    return Buffer.from(lines.join(""));
  }

  #coarsen(): void {
    const offsets = this.#offsets;
    const ats = this.#ats;
    while (this.#offsets.length > MAX_ENTRIES / 2) {
      this.#stepMs = Math.max(1, this.#stepMs * 2);
      this.#offsets = [];
      this.#ats = [];
      for (const [index, offset] of offsets.entries()) this.add(offset, ats[index] ?? 0);
      // Times that jump about cannot be thinned by distance in time.
      if (this.#stepMs > 86_400_000) break;
    }
    if (this.#offsets.length > MAX_ENTRIES / 2) {
      this.#offsets = this.#offsets.filter((_, index) => index % 2 === 0);
      this.#ats = this.#ats.filter((_, index) => index % 2 === 0);
    }
  }
}

/** When the bytes of a whole log were printed: runs of bytes, each with its time. */
export class LogTimes {
  readonly #offsets: readonly number[];
  readonly #ats: readonly number[];

  /** Of a log without times (they were lost) every byte was printed at 0. */
  constructor(encoded: Uint8Array = new Uint8Array()) {
    const offsets: number[] = [];
    const ats: number[] = [];
    let offset = 0;
    let at = 0;
    for (const line of Buffer.from(encoded).toString("latin1").split("\n")) {
      const match = /^(\d+) (-?\d+)$/.exec(line);
      if (match === null) continue;
      offset += Number(match[1]);
      at += Number(match[2]);
      offsets.push(offset);
      ats.push(at);
    }
    this.#offsets = offsets;
    this.#ats = ats;
  }

  /** The run a byte is in: its time, and where the next run begins. */
  runAt(offset: number): { readonly at: number; readonly endByte: number } {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#offsets[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return {
      at: this.#ats[Math.max(0, low - 1)] ?? 0,
      endByte: this.#offsets[low] ?? Number.POSITIVE_INFINITY,
    };
  }
}
