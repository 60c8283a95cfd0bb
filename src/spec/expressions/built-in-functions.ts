import type { Json } from "../../json.ts";
import { isPrimitive, toStringValue } from "./coerce.ts";
import { isEqual } from "./compare.ts";
import { ExpressionError } from "./expression-error.ts";
import { foldCase } from "./fold-case.ts";
import { parseFormat } from "./format-string.ts";
import { fromJson } from "./from-json.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { toJson } from "./to-json.ts";

/** The arguments of a call: evaluated when they are asked for, as GitHub does it (`case` must not touch the rest). */
export interface Arguments {
  readonly count: number;
  /** Null beyond the last. */
  at(index: number): Json;
}

export interface BuiltInFunction {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  call(args: Arguments, budget: MemoryBudget): Json;
}

const MAX_ARGUMENTS = 255;

const FUNCTIONS: readonly BuiltInFunction[] = [
  { name: "case", min: 3, max: MAX_ARGUMENTS, call: callCase },
  { name: "contains", min: 2, max: 2, call: callContains },
  { name: "endsWith", min: 2, max: 2, call: (args) => comparesText(args, (text, end) => text.endsWith(end)) },
  { name: "format", min: 1, max: MAX_ARGUMENTS, call: callFormat },
  { name: "fromJSON", min: 1, max: 1, call: (args) => fromJson(toStringValue(args.at(0))) },
  { name: "join", min: 1, max: 2, call: callJoin },
  {
    name: "startsWith",
    min: 2,
    max: 2,
    call: (args) => comparesText(args, (text, start) => text.startsWith(start)),
  },
  { name: "toJSON", min: 1, max: 1, call: (args, budget) => toJson(args.at(0), budget) },
];

/** The functions that exist everywhere, by their name in lower case. */
export const BUILT_IN_FUNCTIONS: ReadonlyMap<string, BuiltInFunction> = new Map(
  FUNCTIONS.map((entry) => [entry.name.toLowerCase(), entry]),
);

function callCase(args: Arguments): Json {
  for (let index = 0; index < args.count - 1; index += 2) {
    const predicate = args.at(index);
    if (typeof predicate !== "boolean")
      throw new ExpressionError("case predicate must evaluate to a boolean value");
    if (predicate) return args.at(index + 1);
  }
  return args.at(args.count - 1);
}

function callContains(args: Arguments): boolean {
  const searched = args.at(0);
  if (Array.isArray(searched)) {
    if (searched.length === 0) return false;
    const wanted = args.at(1);
    return searched.some((item) => isEqual(wanted, item));
  }
  return comparesText(args, (text, part) => text.includes(part));
}

function comparesText(args: Arguments, test: (left: string, right: string) => boolean): boolean {
  const left = args.at(0);
  if (!isPrimitive(left)) return false;
  const right = args.at(1);
  return isPrimitive(right) && test(foldCase(toStringValue(left)), foldCase(toStringValue(right)));
}

function callFormat(args: Arguments, budget: MemoryBudget): string {
  const values: string[] = [];
  const pieces = parseFormat(toStringValue(args.at(0)), args.count - 1);
  const texts = pieces.map((piece) => {
    if (typeof piece === "number") values[piece] ??= toStringValue(args.at(piece + 1));
    const text = typeof piece === "number" ? (values[piece] ?? "") : piece;
    budget.take(text);
    return text;
  });
  return texts.join("");
}

function callJoin(args: Arguments, budget: MemoryBudget): string {
  const items = args.at(0);
  if (!Array.isArray(items)) return isPrimitive(items) ? toStringValue(items) : "";
  const wanted = args.count > 1 && items.length > 1 ? args.at(1) : ",";
  const separator = isPrimitive(wanted) ? toStringValue(wanted) : ",";
  const texts = items.map((item: Json) => {
    const text = toStringValue(item);
    budget.take(text);
    budget.take(separator);
    return text;
  });
  return texts.join(separator);
}
