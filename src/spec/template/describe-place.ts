import type { Place } from "./template-schema.ts";

const MANY = 12;

/** What may stand at a place, for a person: `a mapping or a text`, `one of: single, max`. */
export function describePlace({ definition: { scalars, items, mappings } }: Place): string {
  const constants = scalars.flatMap((rule) =>
    rule.kind === "string" && rule.constant !== undefined ? [rule.constant] : [],
  );
  const kinds: string[] = [];
  const texts = scalars.filter((rule) => rule.kind === "string" && rule.constant === undefined);
  if (texts.length > 0) {
    const nonEmpty = texts.every((rule) => rule.kind === "string" && rule.nonEmpty);
    kinds.push(nonEmpty ? "a text that is not empty" : "a text");
  }
  if (scalars.some(({ kind }) => kind === "boolean")) kinds.push("true or false");
  if (scalars.some(({ kind }) => kind === "number")) kinds.push("a number");
  if (constants.length > 0 && constants.length <= MANY) {
    kinds.push(constants.length === 1 ? `'${constants[0]}'` : `one of: ${constants.join(", ")}`);
  } else if (constants.length > MANY) {
    kinds.push("one of the known names");
  }
  if (items !== undefined) kinds.push("a sequence");
  if (mappings.length > 0) kinds.push("a mapping");
  if (kinds.length === 0) kinds.push("nothing");
  const last = kinds.pop() ?? "";
  return kinds.length === 0 ? last : `${kinds.join(", ")} or ${last}`;
}
