import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import {
  type Timestamp,
  timestampFromMs,
  timestampMs,
  type Value,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { ExecError } from "../../../errors.ts";
import type { Json } from "../../../json.ts";

/** Unix milliseconds; the wire has whole ones. */
export function toTimestamp(ms: number): Timestamp;
export function toTimestamp(ms: number | undefined): Timestamp | undefined;
export function toTimestamp(ms: number | undefined): Timestamp | undefined {
  return ms === undefined ? undefined : timestampFromMs(Math.round(ms));
}

export function fromTimestamp(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined ? undefined : timestampMs(timestamp);
}

/** A time that a message cannot be without. */
export function requiredTime(timestamp: Timestamp | undefined, what: string): number {
  return timestampMs(required(timestamp, what));
}

export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new ExecError("InvalidSpec", `The message has no ${what}.`);
  return value;
}

export function toValue(json: Json | undefined): Value | undefined {
  return json === undefined ? undefined : fromJson(ValueSchema, json as JsonValue);
}

export function fromValue(value: Value | undefined): Json | undefined {
  return value === undefined ? undefined : (toJson(ValueSchema, value) as Json);
}

/** Of a count or a position, which never come near the limit of whole numbers. Throws `InvalidSpec` below 0. */
export function fromInt64(value: bigint, what: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new ExecError("InvalidSpec", `${what} is out of range: ${value}`);
}
