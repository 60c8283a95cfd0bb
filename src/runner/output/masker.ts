/** Hides secrets of one job, in every encoding they are likely to be printed in. */
export class Masker {
  /** From here on the value, its lines and their encodings are shown as `***`. Blank values are ignored. */
  add(_value: string): void {
    throw new Error("not built yet");
  }

  /** A whole text (a message, an output, a summary) with its secrets hidden. */
  text(_text: string): string {
    throw new Error("not built yet");
  }

  /** For bytes that come in pieces. Values added later are hidden in what comes later. */
  stream(): MaskStream {
    throw new Error("not built yet");
  }
}

export interface MaskStream {
  /** Returns what can be shown by now: all but a tail that may be the beginning of a secret. */
  push(bytes: Uint8Array): Uint8Array;
  /** The rest. */
  end(): Uint8Array;
}
