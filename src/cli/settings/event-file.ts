import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isJsonObject } from "../../github-context/merge-json.ts";
import type { Json, JsonObject } from "../../json.ts";
import { describeFileError } from "../project/file-error.ts";
import { UsageError } from "../usage-error.ts";

/** The JSON object of --eventpath. Throws `UsageError`. */
export function readEventFile(path: string | undefined, folder: string): JsonObject | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(resolve(folder, path), "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read --eventpath ${path}: ${describeFileError(error)}.`);
  }
  let event: Json;
  try {
    event = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `--eventpath ${path} is not JSON: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (!isJsonObject(event)) throw new UsageError(`--eventpath ${path} must hold a JSON object.`);
  return event;
}
