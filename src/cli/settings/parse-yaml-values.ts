import { parseDocument } from "yaml";
import { UsageError } from "../usage-error.ts";

/** A flat mapping of names to plain values. Throws `UsageError`, never with a value in it. */
export function parseYamlValues(text: string, path: string): { [name: string]: string } {
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
