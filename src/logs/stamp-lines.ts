const NEWLINE = 0x0a;

/** Puts the time it was printed before every line of text that comes in pieces: `2026-01-31T12:00:00.000Z text`. */
export class LineStamper {
  #atLineStart = true;
  #at = Number.NaN;
  #stamp: Uint8Array = new Uint8Array();

  push(piece: Uint8Array, at: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let from = 0; from < piece.length; ) {
      if (this.#atLineStart) parts.push(this.#stampOf(at));
      const newline = piece.indexOf(NEWLINE, from);
      const to = newline === -1 ? piece.length : newline + 1;
      parts.push(piece.subarray(from, to));
      this.#atLineStart = newline !== -1;
      from = to;
    }
    return Buffer.concat(parts);
  }

  #stampOf(at: number): Uint8Array {
    if (at !== this.#at) {
      this.#at = at;
      this.#stamp = Buffer.from(`${new Date(at).toISOString()} `);
    }
    return this.#stamp;
  }
}
