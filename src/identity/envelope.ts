/**
 * Sealed texts: AES-256-GCM with a key of their own, which lies beside them, itself encrypted with the master key. Both are
 * bound to a context, so that a sealed text does not open as another one's.
 *
 * Format: `slw1.<master key's id>.<wrapped key>.<text>`; the last two base64url of nonce (12 bytes), ciphertext and
 * tag (16 bytes).
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { ExecError } from "../errors.ts";
import type { MasterKey } from "./master-key.ts";

const FORMAT = "slw1";
const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = "wrapping keys of sealed texts";

interface Envelope {
  readonly keyId: string;
  readonly wrappedKey: string;
  readonly text: string;
}

export function sealText(text: string, context: string, master: MasterKey): string {
  const key = randomBytes(32);
  const wrapped = encrypt(key, context, master.derive(PURPOSE));
  return [FORMAT, master.id, wrapped, encrypt(Buffer.from(text, "utf8"), context, key)].join(".");
}

/**
 * Throws `Permanent`: it was sealed with a key that is not among these, for another context, or is damaged. `what` names
 * it in the error.
 */
export function openText(
  sealed: string,
  context: string,
  masters: readonly MasterKey[],
  what: string,
): string {
  const envelope = readEnvelope(sealed, what);
  return decrypt(envelope.text, context, dataKey(envelope, context, masters, what), what).toString("utf8");
}

/** The same text, its key wrapped anew; the text itself stays encrypted. Undefined: it is under `to` already. */
export function rewrapText(
  sealed: string,
  context: string,
  masters: readonly MasterKey[],
  to: MasterKey,
  what: string,
): string | undefined {
  const envelope = readEnvelope(sealed, what);
  if (envelope.keyId === to.id) return undefined;
  const key = dataKey(envelope, context, masters, what);
  return [FORMAT, to.id, encrypt(key, context, to.derive(PURPOSE)), envelope.text].join(".");
}

function readEnvelope(sealed: string, what: string): Envelope {
  const [format, keyId, wrappedKey, text, ...rest] = sealed.split(".");
  if (format !== FORMAT || !keyId || !wrappedKey || !text || rest.length > 0) {
    throw new ExecError("Permanent", `${what} is not in the form of a sealed text.`);
  }
  return { keyId, wrappedKey, text };
}

function dataKey(
  { keyId, wrappedKey }: Envelope,
  context: string,
  masters: readonly MasterKey[],
  what: string,
): Buffer {
  const master = masters.find(({ id }) => id === keyId);
  if (!master) {
    const known = masters.map(({ id }) => id).join(", ");
    throw new ExecError(
      "Permanent",
      `${what} was sealed with the master key ${keyId}, which this server does not have (it has ${known}).`,
    );
  }
  return decrypt(wrappedKey, context, master.derive(PURPOSE), what);
}

function encrypt(plain: Uint8Array, context: string, key: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context, "utf8"));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("base64url");
}

function decrypt(encrypted: string, context: string, key: Uint8Array, what: string): Buffer {
  const bytes = Buffer.from(encrypted, "base64url");
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context, "utf8")).setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES, Math.max(NONCE_BYTES, bytes.length - TAG_BYTES))),
      decipher.final(),
    ]);
  } catch {
    // Without the cause: what OpenSSL says helps nobody, and nothing of the text should ever come near an error.
    throw new ExecError("Permanent", `${what} does not open: it was changed, or belongs to another record.`);
  }
}
