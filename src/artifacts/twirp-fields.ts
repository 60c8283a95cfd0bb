/**
 * Reads fields of a protobuf message written as JSON: names in snake or camel case, absent means the default, int64 as
 * text or number, wrappers (`StringValue`) as bare values. A value of another kind throws `InvalidSpec`.
 */
import { ExecError } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";

export function textField(message: JsonObject, name: string): string {
  const value = field(message, name) ?? "";
  if (typeof value !== "string") throw wrong(name, "text");
  return value;
}

export function textsField(message: JsonObject, name: string): readonly string[] {
  const value = field(message, name) ?? [];
  if (!Array.isArray(value)) throw wrong(name, "a list of texts");
  return value.map((item) => {
    if (typeof item !== "string") throw wrong(name, "a list of texts");
    return item;
  });
}

/** Whole numbers up to 2^53; undefined where absent. */
export function intField(message: JsonObject, name: string): number | undefined {
  const value = field(message, name);
  if (value === undefined) return undefined;
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw wrong(name, "a whole number");
  return number;
}

/** Unix milliseconds of an RFC 3339 timestamp; undefined where absent. */
export function timeField(message: JsonObject, name: string): number | undefined {
  const value = field(message, name);
  if (value === undefined) return undefined;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw wrong(name, "a time");
  return time;
}

function field(message: JsonObject, name: string): Json | undefined {
  const camel = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return message[name] ?? message[camel] ?? undefined;
}

function wrong(name: string, kind: string): ExecError {
  return new ExecError("InvalidSpec", `${name} is ${kind}`);
}
