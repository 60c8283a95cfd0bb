/**
 * Whether it pays to compress: by how long a byte took to be taken lately, compressed and not, packing and a slow server's
 * own time with it. Now and then the other way is tried, as networks and servers change.
 */
export class PackChoice {
  readonly #msPerByte: { plain?: number; packed?: number } = {};
  #count = 0;

  /** For a body of this size. */
  choose(sizeBytes: number): boolean {
    if (sizeBytes < SMALL_BYTES) return false;
    const { plain, packed } = this.#msPerByte;
    this.#count += 1;
    if (plain === undefined) return false;
    if (packed === undefined) return true;
    const better = packed < plain;
    return this.#count % TRY_OTHER === 0 ? !better : better;
  }

  note(packed: boolean, sizeBytes: number, ms: number): void {
    if (sizeBytes < SMALL_BYTES) return;
    const kind = packed ? "packed" : "plain";
    const before = this.#msPerByte[kind];
    const now = ms / sizeBytes;
    this.#msPerByte[kind] = before === undefined ? now : before * 0.7 + now * 0.3;
  }
}

const SMALL_BYTES = 16 * 1024;
const TRY_OTHER = 32;
