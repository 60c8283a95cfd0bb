import type { DiagnosticList } from "../diagnostic-list.ts";
import type { TextRange } from "../source-text.ts";
import { suggest } from "../suggest.ts";
import type { MappingFilter } from "./mapping-filter.ts";

/** More keys than this are no hint. */
const MAX_LISTED = 24;

/** A key that no alternative left has. What it was probably meant to be is not reported as missing later. */
export function reportUnknownKey(
  name: string,
  key: TextRange,
  filter: MappingFilter,
  diagnostics: DiagnosticList,
): void {
  const others = filter.ruledOutBy(name).map((other) => `'${other}'`);
  if (others.length > 0) {
    const hint = `'${name}' cannot stand beside ${others.join(", ")}`;
    diagnostics.error("unknown-key", key, `Unexpected value '${name}'`, hint);
    return;
  }
  const known = [...filter.keys()].sort();
  const meant = suggest(name, known);
  if (meant !== undefined) filter.meant.add(meant);
  const listed = known.length <= MAX_LISTED ? `Known here: ${known.join(", ")}` : undefined;
  const hint = meant === undefined ? listed : `Did you mean '${meant}'?`;
  diagnostics.error("unknown-key", key, `Unexpected value '${name}'`, hint);
}

/** What is missing once all keys were seen. Keys that expressions make can be any. */
export function reportMissingKeys(
  filter: MappingFilter,
  seen: ReadonlySet<string>,
  hasExpressionKey: boolean,
  where: TextRange,
  diagnostics: DiagnosticList,
): void {
  const [only, another] = filter.rules;
  if (another) {
    const deciding = filter.decidingKeys();
    if (deciding.some((key) => filter.meant.has(key))) return;
    const message = "There's not enough info to determine what you meant. Add one of these properties";
    diagnostics.error("missing-key", where, `${message}: ${deciding.join(", ")}`);
  } else if (only && !hasExpressionKey) {
    for (const [key, { required }] of only.properties) {
      if (required && !seen.has(key.toUpperCase()) && !filter.meant.has(key)) {
        diagnostics.error("missing-key", where, `Required property is missing: ${key}`);
      }
    }
  }
}
