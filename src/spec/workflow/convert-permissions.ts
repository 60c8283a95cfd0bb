import { type Token, textEntries, textOf } from "../template/token.ts";
import type { PermissionsSpec } from "../workflow-spec.ts";

/** Scopes and levels were checked by the schema. */
export function convertPermissions(token: Token | undefined): { permissions?: PermissionsSpec } {
  if (!token) return {};
  const level = textOf(token);
  if (level === "read-all" || level === "write-all") return { permissions: level };
  if (token.kind !== "mapping") return {};
  const levels: { [scope: string]: "read" | "write" | "none" } = {};
  for (const { name, value } of textEntries(token)) {
    const given = textOf(value);
    if (given === "read" || given === "write" || given === "none") levels[name] = given;
  }
  return { permissions: levels };
}
