import { type Token, textOf } from "../template/token.ts";
import { type Conversion, Fields } from "./conversion.ts";

const PREFIXES = ["org", "organization", "ent", "enterprise"];

/** What can be said of `runs-on` before its expressions are known. */
export function checkRunsOn(token: Token | undefined, conversion: Conversion): void {
  const { diagnostics } = conversion;
  if (token?.kind === "sequence" && token.items.length === 0) {
    diagnostics.error("unexpected-value", token, "'runs-on' names no label");
  }
  if (token?.kind !== "mapping") return;
  const fields = new Fields(token, conversion);
  if (!fields.has("group") && !fields.has("labels")) {
    diagnostics.error("missing-key", token, "'runs-on' names no label", "Add 'labels'");
    return;
  }
  const group = fields.get("group");
  const key = fields.key("group");
  if (!group || !key) return;
  const name = textOf(group);
  if (name !== undefined && !isGroupName(name)) {
    diagnostics.error(
      "unexpected-value",
      group,
      `Invalid runs-on group name '${name}'`,
      "Expected a name, 'organization/name' or 'enterprise/name'",
    );
  } else if (fields.has("labels")) {
    const message = "There are no runner groups here: the labels alone choose where this job runs";
    diagnostics.warning("ignored-group", key, message, "Without 'labels', the group's name is taken for one");
  }
}

function isGroupName(name: string): boolean {
  const [prefix = "", rest, ...more] = name.split("/");
  return rest === undefined || (rest !== "" && more.length === 0 && PREFIXES.includes(prefix));
}
