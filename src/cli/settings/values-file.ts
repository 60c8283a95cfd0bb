import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { describeFileError } from "../project/file-error.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Names and values from a file: YAML (a flat mapping) by its ending, else dotenv. A file that was not named but is
 * only looked for (`.env`) may be missing; one that was named may not. Throws `UsageError`, never with a value in it.
 */
export async function readValuesFile(
  named: string | undefined,
  fallback: string,
  folder: string,
  option: string,
): Promise<{ [name: string]: string }> {
  const path = resolve(folder, named ?? fallback);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder called .env is a Python habit.
    if (named === undefined && (code === "ENOENT" || code === "EISDIR")) return {};
    throw new UsageError(`Cannot read ${option} ${named ?? path}: ${describeFileError(error)}.`);
  }
  if (/\.ya?ml$/i.test(path)) {
    // Imported from a file of its own, and only when it is needed: the YAML library is large, and as a CommonJS
    // package it has no named exports for an import() in the bundled program.
    const { parseYamlValues } = await import("./parse-yaml-values.ts");
    return parseYamlValues(text, named ?? path);
  }
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? ""]));
}
