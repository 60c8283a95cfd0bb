import { ExecError } from "../errors.ts";
import type { Page, PageRequest } from "./page.ts";

const MAX_LIMIT = 200;

/**
 * The place in a list after which a page begins, or undefined for the first page. `keys` are the kinds of the values
 * that order the list. Rejects with `InvalidSpec` what is not a cursor of this list, and a limit out of 1 to 200.
 */
export function pageStart<const K extends readonly ("number" | "string")[]>(
  list: string,
  { cursor, limit }: PageRequest,
  keys: K,
): KeyValues<K> | undefined {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new ExecError("InvalidSpec", `a page has 1 to ${MAX_LIMIT} items, not ${limit}`);
  if (cursor === undefined) return undefined;
  const values = decode(cursor);
  if (
    values === undefined ||
    values.length !== keys.length + 1 ||
    values[0] !== list ||
    !keys.every((kind, i) => isKey(values[i + 1], kind))
  )
    throw new ExecError("InvalidSpec", "this is no cursor of this list");
  return values.slice(1) as KeyValues<K>;
}

/** `rows` hold up to one more than a page: whether there is a next one. */
export function pageOf<R, T>(
  list: string,
  { limit }: PageRequest,
  rows: readonly R[],
  keys: (row: R) => readonly (number | string)[],
  item: (row: R) => T,
): Page<T> {
  const shown = rows.length > limit ? rows.slice(0, limit) : rows;
  const items = shown.map(item);
  const last = shown.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, next: Buffer.from(JSON.stringify([list, ...keys(last)])).toString("base64url") };
}

type KeyValues<K extends readonly ("number" | "string")[]> = {
  -readonly [I in keyof K]: K[I] extends "number" ? number : string;
};

function decode(cursor: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isKey(value: unknown, kind: "number" | "string"): boolean {
  return kind === "number" ? Number.isSafeInteger(value) : typeof value === "string";
}
