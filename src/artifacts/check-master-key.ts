import type { BlobStore } from "../blobs/blob-store.ts";
import { ExecError } from "../errors.ts";
import type { SecretVault } from "../identity/secret-vault.ts";
import { sealedBlob } from "./sealed-blob.ts";

const KEPT = { key: "identity/master-key-check", context: "master key check", make: () => "slipway" };

/**
 * Rejects with `Permanent` where this server's master key is not the one the others have, or had before: secrets would not
 * open, and no token of a job would count. To be called at every start, before any work.
 */
export async function checkMasterKey(
  blobs: Pick<BlobStore, "get" | "put">,
  vault: SecretVault,
): Promise<void> {
  try {
    await sealedBlob(KEPT, blobs, vault);
  } catch (error) {
    if (!(error instanceof ExecError && error.code === "Permanent")) throw error;
    throw new ExecError(
      "Permanent",
      "This server's master key is not the one its data was made with. Give every server the same one, and after a " +
        `change the one before it too. (${error.message})`,
      { cause: error },
    );
  }
}
