import { createPrivateKey, createPublicKey } from "node:crypto";
import type { BlobStore } from "../blobs/blob-store.ts";
import { type OidcKey, oidcKey } from "../identity/oidc-key.ts";
import type { SecretVault } from "../identity/secret-vault.ts";
import { sealedBlob } from "./sealed-blob.ts";

const KEPT = {
  key: "identity/oidc-key",
  context: "oidc signing key",
  make: async () => (await oidcKey(undefined)).privatePem,
};

/** The key that id tokens are signed with, the same for all servers that share a blob store. */
export async function sharedOidcKey(blobs: BlobStore, vault: SecretVault): Promise<OidcKey> {
  const privatePem = await sealedBlob(KEPT, blobs, vault);
  return { privatePem, publicKey: createPublicKey(createPrivateKey(privatePem)) };
}
