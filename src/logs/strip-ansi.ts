const ESC = 0x1b;
const BEL = 0x07;

/** Takes terminal sequences (colours, cursor moves, titles, links) out of text that comes in pieces. */
export class AnsiStripper {
  #state: "text" | "escape" | "intermediate" | "csi" | "string" | "stringEscape" = "text";

  /** The piece without what belongs to a sequence; a sequence may begin in one piece and end in a later one. */
  push(piece: Uint8Array): Uint8Array {
    if (this.#state === "text" && !piece.includes(ESC)) return piece;
    const kept = Buffer.allocUnsafe(piece.length);
    let length = 0;
    for (const byte of piece) {
      if (this.#keeps(byte)) kept[length++] = byte;
    }
    return kept.subarray(0, length);
  }

  /** ECMA-48: what a byte does to the state, and whether it is text. */
  #keeps(byte: number): boolean {
    // A line ends whatever was begun: a broken sequence must not swallow the rest of a log.
    if (byte === 0x0a) {
      this.#state = "text";
      return true;
    }
    switch (this.#state) {
      case "text":
        if (byte !== ESC) return true;
        this.#state = "escape";
        return false;
      case "escape":
        if (byte === 0x5b) this.#state = "csi";
        else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f)
          this.#state = "string";
        else if (byte >= 0x20 && byte <= 0x2f) this.#state = "intermediate";
        else if (byte !== ESC) this.#state = "text";
        return false;
      case "intermediate":
        if (byte < 0x20 || byte > 0x2f) this.#state = "text";
        return false;
      case "csi":
        if (byte === ESC) this.#state = "escape";
        else if (byte < 0x20 || byte > 0x3f) this.#state = "text";
        return false;
      case "string":
        if (byte === BEL) this.#state = "text";
        else if (byte === ESC) this.#state = "stringEscape";
        return false;
      case "stringEscape":
        if (byte !== ESC) this.#state = "text";
        return false;
    }
  }
}
