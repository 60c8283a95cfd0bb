import { createPrivateKey, createPublicKey } from "node:crypto";
import type { BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";
import { type OidcKey, oidcKey } from "../identity/oidc-key.ts";
import type { SecretVault } from "../identity/secret-vault.ts";

const KEY = "identity/oidc-key";
const CONTEXT = "oidc signing key";

/**
 * The key that id tokens are signed with, the same for all servers that share a blob store: made by the first that needs
 * it, kept there sealed. It is sealed anew where an older master key did it.
 */
export async function sharedOidcKey(
  blobs: BlobStore,
  vault: Pick<SecretVault, "seal" | "open" | "rewrap">,
): Promise<OidcKey> {
  let sealed = await readSealed(blobs);
  if (sealed === undefined) {
    const { privatePem } = await oidcKey(undefined);
    await blobs.put(KEY, Buffer.from(vault.seal(privatePem, CONTEXT)), { ifAbsent: true }).catch((error) => {
      if (!(error instanceof ExecError && error.code === "Conflict")) throw error;
    });
    sealed = (await readSealed(blobs)) ?? "";
  }
  const newer = vault.rewrap(sealed, CONTEXT);
  if (newer !== undefined) await blobs.put(KEY, Buffer.from(newer));
  const privatePem = vault.open(sealed, CONTEXT);
  return { privatePem, publicKey: createPublicKey(createPrivateKey(privatePem)) };
}

async function readSealed(blobs: BlobStore): Promise<string | undefined> {
  try {
    return await readText(blobs, KEY);
  } catch (error) {
    if (error instanceof ExecError && error.code === "NotFound") return undefined;
    throw error;
  }
}
