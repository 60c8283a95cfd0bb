import type { Clock } from "../../clock.ts";

const FULL = 65_536;
const TICK_MS = 250;

/**
 * Gathers bytes of a log into pieces: a piece leaves when 64 KiB are there, and at the latest 250 ms after its first
 * byte, whatever still arrives. None but the last ends in the middle of a UTF-8 character.
 */
export class LogBatch {
  readonly #emit: (data: Uint8Array) => void;
  readonly #clock: Clock;
  #parts: Uint8Array[] = [];
  #size = 0;
  #takeBackTick: (() => void) | undefined;

  constructor(emit: (data: Uint8Array) => void, clock: Clock) {
    this.#emit = emit;
    this.#clock = clock;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= FULL) this.flush();
    else this.#takeBackTick ??= this.#clock.after(TICK_MS, () => this.flush());
  }

  flush(): void {
    this.#send(openCharacter);
  }

  /** Also what is no whole character. */
  end(): void {
    this.#send((bytes) => bytes.length);
  }

  #send(cut: (bytes: Uint8Array) => number): void {
    this.#takeBackTick?.();
    this.#takeBackTick = undefined;
    const [first] = this.#parts;
    if (first === undefined) return;
    const bytes = this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.#size);
    const end = cut(bytes);
    const rest = Buffer.from(bytes.subarray(end));
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    if (end > 0) this.#emit(end === bytes.length ? bytes : bytes.subarray(0, end));
  }
}

/** Where a UTF-8 character begins whose end is not there yet; else the length. Bytes that are no UTF-8 are none. */
function openCharacter(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue;
    const length = byte < 0xc2 || byte > 0xf4 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? end - back : end;
  }
  return end;
}
