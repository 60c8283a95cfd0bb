/** How much of the end of a step's output is kept for showing. */
const MAX_BYTES = 32 * 1024;

/**
 * The end of an output. Takes any amount of it at the cost of what it keeps: a chunk that is larger than that is
 * looked at only at its end.
 */
export class LineTail {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #cut = false;
  #version = 0;
  #lines: { version: number; lines: readonly string[] } = { version: 0, lines: [] };

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#version++;
    if (chunk.length >= MAX_BYTES) {
      this.#cut ||= this.#length > 0 || chunk.length > MAX_BYTES;
      // A copy: the chunk it is a part of would be kept alive as a whole.
      this.#chunks = [chunk.slice(-MAX_BYTES)];
      this.#length = MAX_BYTES;
      return;
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > 2 * MAX_BYTES) this.#shrink();
  }

  /** The last lines, the last of them perhaps unfinished; the first is left out where its beginning is lost. */
  get lines(): readonly string[] {
    if (this.#lines.version !== this.#version) {
      this.#shrink();
      const text = Buffer.from(this.#chunks[0] ?? []).toString();
      const lines = text.split(/\r?\n/);
      if (lines.at(-1) === "") lines.pop();
      if (this.#cut && lines.length > 1) lines.shift();
      this.#lines = { version: this.#version, lines };
    }
    return this.#lines.lines;
  }

  #shrink(): void {
    const all = Buffer.concat(this.#chunks);
    this.#cut ||= all.length > MAX_BYTES;
    this.#chunks = [all.subarray(-MAX_BYTES)];
    this.#length = this.#chunks[0]?.length ?? 0;
  }
}
