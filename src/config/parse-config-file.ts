import { parseDocument } from "yaml";

/**
 * What a file of settings holds, as YAML's plain values; or where it is not YAML. Loaded only where there is a file; by a
 * module of our own, since the bundle has no names for a package that is itself loaded so.
 */
export function parseConfigFile(
  name: string,
  text: string,
): { readonly content: unknown } | { readonly problem: string } {
  const document = parseDocument(text, { logLevel: "silent" });
  const [error] = document.errors;
  if (error === undefined) return { content: document.toJS({ maxAliasCount: 10 }) };
  // The message of the library shows the line itself; what stands there may be a secret.
  return { problem: `${name}:${error.linePos?.[0].line ?? "?"}: this is not valid YAML (${error.code}).` };
}
