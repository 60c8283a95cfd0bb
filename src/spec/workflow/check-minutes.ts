import type { Token } from "../template/token.ts";
import type { Conversion } from "./conversion.ts";

/** A number of minutes that is no expression cannot be negative, infinite or not a number. */
export function checkMinutes(token: Token | undefined, { diagnostics }: Conversion): void {
  if (token?.kind !== "literal" || typeof token.value !== "number") return;
  if (!Number.isFinite(token.value) || token.value < 0) {
    diagnostics.error("unexpected-value", token, "A number of minutes cannot be negative or without end");
  }
}
