import type { LiteralToken } from "../template/token.ts";
import type { Conversion } from "./conversion.ts";

const MAX_LENGTH = 100;
const SHAPE = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Is this a job or step id as GitHub wants it? Says what is wrong with it. */
export function checkIdentifier(token: LiteralToken, id: string, { diagnostics }: Conversion): boolean {
  if (!SHAPE.test(id) || id.length >= MAX_LENGTH) {
    diagnostics.error(
      "bad-id",
      token,
      `The identifier '${id}' is invalid`,
      `Ids start with a letter or '_', go on with letters, digits, '_' and '-', and have fewer than ${MAX_LENGTH} characters`,
    );
    return false;
  }
  if (id.startsWith("__")) {
    diagnostics.error(
      "bad-id",
      token,
      `The identifier '${id}' is invalid`,
      "Ids starting with '__' are reserved",
    );
    return false;
  }
  return true;
}
