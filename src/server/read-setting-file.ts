import { readFile } from "node:fs/promises";
import { ExecError } from "../errors.ts";

/** The text of a file that a setting names. Rejects with `InvalidSpec` that names both. */
export async function readSettingFile(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ExecError("InvalidSpec", `${setting}: the file cannot be read: ${reason}`, { cause });
  }
}
