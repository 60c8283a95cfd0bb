import type { BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";

const KEY = "identity/installation";

/**
 * The name by which an installation knows its containers and pods among those of others: made up at the first start, kept
 * with its blobs, the same for all its processes. `made`: what it is to be if there is none yet.
 */
export async function installationId(blobs: BlobStore, made: string): Promise<string> {
  const known = await read(blobs);
  if (known !== undefined) return known;
  try {
    await blobs.put(KEY, Buffer.from(made), { ifAbsent: true });
  } catch (error) {
    if (!(error instanceof ExecError && error.code === "Conflict")) throw error;
  }
  // Two processes that start together must agree, also where the store cannot tell which was first.
  return (await read(blobs)) ?? made;
}

async function read(blobs: BlobStore): Promise<string | undefined> {
  try {
    const text = (await readText(blobs, KEY)).trim();
    return text === "" ? undefined : text;
  } catch (error) {
    if (error instanceof ExecError && error.code === "NotFound") return undefined;
    throw error;
  }
}
