import { type Token, textOf } from "../template/token.ts";
import { type Conversion, Fields } from "./conversion.ts";

const MAX_GROUP = 400;

/** What can be said of `concurrency` before its expressions are known. */
export function checkConcurrency(token: Token | undefined, conversion: Conversion): void {
  if (!token) return;
  const group = token.kind === "mapping" ? new Fields(token, conversion).get("group") : token;
  const name = textOf(group);
  if (!group || name === undefined) return;
  const { diagnostics } = conversion;
  if (name === "")
    diagnostics.error("unexpected-value", group, "The name of a concurrency group cannot be empty");
  if (name.length > MAX_GROUP) {
    diagnostics.error(
      "unexpected-value",
      group,
      `The name of a concurrency group has at most ${MAX_GROUP} characters`,
    );
  }
}
