import { randomUUID } from "node:crypto";
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoCode, fileError } from "../blobs/file-error.ts";
import type { Logger } from "../telemetry/logger.ts";
import { MasterKey } from "./master-key.ts";

export interface MasterKeySource {
  /** From the environment; goes before the file. Base64 or hex of 32 bytes. */
  readonly value?: string | undefined;
  /** Absolute. Made at the first start, readable by this user only. */
  readonly file: string;
}

/**
 * The server's master key. Rejects with `InvalidSpec` for a value that is none, `Permanent` for a file that cannot be
 * read or made. Two processes that make the file at the same time end with the same key.
 */
export async function openMasterKey({ value, file }: MasterKeySource, logger: Logger): Promise<MasterKey> {
  if (value !== undefined && value.trim() !== "") return MasterKey.parse(value, "The given master key");
  let text: string;
  try {
    text = await readFile(file, "utf8").catch((error) => {
      if (errnoCode(error) !== "ENOENT") throw error;
      return makeFile(file);
    });
    await hideFromOthers(file, logger);
  } catch (error) {
    throw fileError(error, `cannot use the master key ${file}`);
  }
  return MasterKey.parse(text, `The content of ${file}`);
}

async function makeFile(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, `${MasterKey.random().toText()}\n`, { mode: 0o600, flush: true });
    // A link, not a rename: of two processes the first one's key stays.
    await link(temporary, file).catch((error) => {
      if (errnoCode(error) !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return readFile(file, "utf8");
}

/** A restored backup or a mounted volume may have opened it; refusing to start then would help nobody. */
async function hideFromOthers(file: string, logger: Logger): Promise<void> {
  if (((await stat(file)).mode & 0o077) === 0) return;
  logger.warn({ file }, "others could read the master key; its mode is set to 0600");
  await chmod(file, 0o600).catch((error: unknown) => {
    logger.warn({ file, error: errnoCode(error) }, "the master key's mode could not be set");
  });
}
