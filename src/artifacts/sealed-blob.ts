import type { BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";
import type { SecretVault } from "../identity/secret-vault.ts";

export interface SealedBlob {
  /** In the blob store. */
  readonly key: string;
  /** What it is sealed for. */
  readonly context: string;
  /** The text, where there is none yet. */
  readonly make: () => string | Promise<string>;
}

/**
 * A text that all servers share which share a blob store: made by the first that needs it, kept there sealed, and sealed
 * anew where an older master key did it. Rejects with `Permanent` where this server's keys do not open it.
 */
export async function sealedBlob(
  { key, context, make }: SealedBlob,
  blobs: Pick<BlobStore, "get" | "put">,
  vault: Pick<SecretVault, "seal" | "open" | "rewrap">,
): Promise<string> {
  let sealed = await readSealed(blobs, key);
  if (sealed === undefined) {
    const first = vault.seal(await make(), context);
    await blobs.put(key, Buffer.from(first), { ifAbsent: true }).catch((error) => {
      if (!(error instanceof ExecError && error.code === "Conflict")) throw error;
    });
    sealed = (await readSealed(blobs, key)) ?? first;
  }
  const text = vault.open(sealed, context);
  const newer = vault.rewrap(sealed, context);
  if (newer !== undefined) await blobs.put(key, Buffer.from(newer));
  return text;
}

async function readSealed(blobs: Pick<BlobStore, "get">, key: string): Promise<string | undefined> {
  try {
    return await readText(blobs, key);
  } catch (error) {
    if (error instanceof ExecError && error.code === "NotFound") return undefined;
    throw error;
  }
}
