import type { Node } from "yaml";
import type { TextRange } from "../source-text.ts";

/** Where a node stands, without the space and comments behind it. */
export function rangeOf(node: Node): TextRange {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}
