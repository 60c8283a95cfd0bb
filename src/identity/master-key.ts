import { hkdfSync, randomBytes } from "node:crypto";
import { ExecError } from "../errors.ts";

const KEY_BYTES = 32;

/**
 * The one key of a server, shared by all its processes. It encrypts nothing itself: every use has a key of its own
 * derived from it (HKDF, RFC 5869), so that one of them says nothing about another.
 */
export class MasterKey {
  /** Names the key without saying anything of it: kept beside what was sealed with it. */
  readonly id: string;
  readonly #bytes: Uint8Array;

  /** 32 bytes. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== KEY_BYTES) throw wrongLength("The master key");
    this.#bytes = bytes;
    this.id = this.derive("key id").subarray(0, 6).toString("hex");
  }

  static random(): MasterKey {
    return new MasterKey(randomBytes(KEY_BYTES));
  }

  /** 32 bytes as base64, base64url or hex. `what` says in an error whose value was wrong; the value is never in it. */
  static parse(text: string, what: string): MasterKey {
    const trimmed = text.trim();
    if (/^[0-9a-f]{64}$/i.test(trimmed)) return new MasterKey(Buffer.from(trimmed, "hex"));
    const bytes = Buffer.from(trimmed, "base64");
    if (!/^[\w+/-]+={0,2}$/.test(trimmed) || bytes.length !== KEY_BYTES) throw wrongLength(what);
    return new MasterKey(bytes);
  }

  /** As `parse` takes it. */
  toText(): string {
    return Buffer.from(this.#bytes).toString("base64");
  }

  /** A key of 32 bytes for one purpose. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#bytes, "slipway", purpose, KEY_BYTES));
  }
}

function wrongLength(what: string): ExecError {
  return new ExecError(
    "InvalidSpec",
    `${what} is not a key: 32 bytes as base64 or hex are wanted, as \`openssl rand -base64 32\` prints them.`,
  );
}
