import { createPublicKey, generateKeyPair, type KeyObject, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { errnoCode, fileError } from "../blobs/file-error.ts";

/** The private key as PKCS #8 text, and its public half. RSA 2048: what every relying party can check. */
export interface OidcKey {
  readonly privatePem: string;
  readonly publicKey: KeyObject;
}

/**
 * The key id tokens are signed with: made anew, or kept in `directory` (readable by this user only). Two processes
 * that make one at the same time end with the same key.
 */
export async function oidcKey(directory: string | undefined): Promise<OidcKey> {
  if (directory === undefined) return keyOf(await makePem());
  const path = join(directory, "oidc-key.pem");
  try {
    return keyOf(await readFile(path, "utf8").catch(() => makeFile(directory, path)));
  } catch (error) {
    throw fileError(error, `cannot use the signing key ${path}`);
  }
}

async function makeFile(directory: string, path: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, await makePem(), { mode: 0o600 });
    await link(temporary, path).catch((error) => {
      if (errnoCode(error) !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return readFile(path, "utf8");
}

async function makePem(): Promise<string> {
  const pair = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return pair.privateKey;
}

function keyOf(privatePem: string): OidcKey {
  return { privatePem, publicKey: createPublicKey(privatePem) };
}
