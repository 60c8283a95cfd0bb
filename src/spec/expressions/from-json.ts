import type { Json, JsonObject } from "../../json.ts";
import { isObject } from "./coerce.ts";
import { ExpressionError } from "./expression-error.ts";
import { foldCase } from "./fold-case.ts";

const MAX_DEPTH = 100;

/** `fromJSON`. Keys that differ only in case are one key, as in every context: the last value under the first name. */
export function fromJson(text: string): Json {
  if (text.trim() === "") throw new ExpressionError("Error parsing fromJSON: the text is empty");
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ExpressionError(`Error parsing fromJSON: ${reasonOf(error)}`);
  }
  return mergeKeys(value, 1);
}

/** What V8 says, without the piece of the text that it quotes: the text may be, or hold, a secret. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/, (\.\.\.)?".*$/s, " is not valid JSON here");
}

function mergeKeys(value: Json, depth: number): Json {
  if (depth > MAX_DEPTH)
    throw new ExpressionError(`Error parsing fromJSON: more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return value.map((item) => mergeKeys(item, depth + 1));
  return isObject(value) ? mergeObject(value, depth) : value;
}

function mergeObject(value: JsonObject, depth: number): JsonObject {
  const merged = new Map<string, [string, Json]>();
  for (const [key, item] of Object.entries(value)) {
    const folded = foldCase(key);
    merged.set(folded, [merged.get(folded)?.[0] ?? key, mergeKeys(item, depth + 1)]);
  }
  return Object.fromEntries(merged.values());
}
