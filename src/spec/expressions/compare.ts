import type { Json } from "../../json.ts";
import { isPrimitive, kindOf, toNumber } from "./coerce.ts";
import { foldCase } from "./fold-case.ts";

/**
 * `==` of GitHub's expressions: JavaScript's abstract equality, but strings compare without regard to case, and
 * sequences and mappings are equal only to themselves.
 */
export function isEqual(left: Json, right: Json): boolean {
  const compared = compare(left, right);
  if (compared !== undefined) return compared === 0;
  return !isPrimitive(left) && left === right;
}

export function isGreater(left: Json, right: Json): boolean {
  const compared = compare(left, right);
  return compared !== undefined && compared > 0;
}

export function isLess(left: Json, right: Json): boolean {
  const compared = compare(left, right);
  return compared !== undefined && compared < 0;
}

/** Undefined where the two have no order: NaN, sequences, mappings. */
function compare(left: Json, right: Json): number | undefined {
  if (!isPrimitive(left) || !isPrimitive(right)) return undefined;
  if (typeof left === "string" && typeof right === "string") return order(foldCase(left), foldCase(right));
  if (kindOf(left) === "null" && kindOf(right) === "null") return 0;
  return order(toNumber(left), toNumber(right));
}

function order<T extends string | number>(left: T, right: T): number | undefined {
  if (left < right) return -1;
  if (left > right) return 1;
  return left === right ? 0 : undefined;
}
