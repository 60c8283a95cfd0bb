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
  if (/\.ya?ml$/i.test(path)) return readYaml(text, named ?? path);
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? ""]));
}

async function readYaml(text: string, path: string): Promise<{ [name: string]: string }> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, { logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    // The message shows the line itself; what stands there may be a secret.
    throw new UsageError(
      `${path} is not valid YAML (line ${error.linePos?.[0].line ?? "?"}, ${error.code}).`,
    );
  }
  const value: unknown = document.toJS({ maxAliasCount: 10 });
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw notFlat(path);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (typeof each === "object" && each !== null) throw notFlat(path, name);
      return [name, each === null ? "" : String(each)];
    }),
  );
}

function notFlat(path: string, name?: string): UsageError {
  const what = name === undefined ? "it" : `"${name}"`;
  return new UsageError(`${path} must be a mapping of names to plain values, but ${what} is not one.`);
}
