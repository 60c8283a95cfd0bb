import type { Json } from "../../json.ts";
import { isObject, toStringValue } from "./coerce.ts";
import { ExpressionError } from "./expression-error.ts";
import type { MemoryBudget } from "./memory-budget.ts";

const MAX_DEPTH = 500;
const LINE_ENDS = /[\u0085\u2028\u2029]/g;

/** `toJSON` as GitHub prints it: two spaces a level, `[]` and `{}` where empty, numbers as in `format`. */
export function toJson(value: Json, budget: MemoryBudget): string {
  const pieces: string[] = [];
  const write = (text: string) => {
    budget.take(text);
    pieces.push(text);
  };
  writeValue(value, "", 1, write);
  return pieces.join("");
}

function writeValue(value: Json, indent: string, depth: number, write: (text: string) => void): void {
  if (depth > MAX_DEPTH)
    throw new ExpressionError(`toJSON: the value is nested more than ${MAX_DEPTH} levels deep`);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) {
      write("[]");
      return;
    }
    value.forEach((item, index) => {
      write(`${index === 0 ? "[" : ","}\n${inner}`);
      writeValue(item, inner, depth + 1, write);
    });
    write(`\n${indent}]`);
    return;
  }
  if (isObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) {
      write("{}");
      return;
    }
    entries.forEach(([key, item], index) => {
      write(`${index === 0 ? "{" : ","}\n${inner}${quote(key)}: `);
      writeValue(item, inner, depth + 1, write);
    });
    write(`\n${indent}}`);
    return;
  }
  if (typeof value === "string") write(quote(value));
  else write(value === null ? "null" : toStringValue(value));
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    LINE_ENDS,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
