import { type Token, textEntries, textOf } from "../template/token.ts";
import { type Conversion, Fields } from "./conversion.ts";

/** A container needs an image. An empty text for all of `container` means none, as on GitHub. */
export function checkContainer(
  token: Token | undefined,
  key: Token | undefined,
  conversion: Conversion,
): void {
  if (!token || !key) return;
  if (token.kind === "mapping") checkImage(token, key, conversion);
  else if (textOf(token) === "docker://") refuse(token, conversion);
}

export function checkServices(token: Token | undefined, conversion: Conversion): void {
  for (const { key, value } of textEntries(token)) {
    if (value.kind === "mapping") checkImage(value, key, conversion);
    else if (textOf(value) === "docker://") refuse(value, conversion);
  }
}

function checkImage(token: Token, key: Token, conversion: Conversion): void {
  const image = new Fields(token, conversion).get("image");
  if (image && textOf(image) === "docker://") refuse(image, conversion);
  const computed = token.kind === "mapping" && token.entries.some((entry) => entry.key.kind !== "literal");
  if (!image && !computed) refuse(key, conversion);
}

function refuse(token: Token, { diagnostics }: Conversion): void {
  diagnostics.error("missing-key", token, "Container image cannot be empty", "Add 'image'");
}
