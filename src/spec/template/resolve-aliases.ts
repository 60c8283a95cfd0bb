import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
} from "yaml";
import type { DiagnosticList } from "../diagnostic-list.ts";
import { suggest } from "../suggest.ts";
import { rangeOf } from "./yaml-range.ts";

/** What each alias of a document stands for: the anchor of its name that was last set before it. */
export function resolveAliases(
  root: ParsedNode,
  diagnostics: DiagnosticList,
): ReadonlyMap<Alias, ParsedNode> {
  const targets = new Map<Alias, ParsedNode>();
  const anchors = new Map<string, ParsedNode>();
  const open = new Set<Node>();

  const visit = (node: unknown): void => {
    if (isPair(node)) {
      visit(node.key);
      visit(node.value);
      return;
    }
    if (!isNode(node)) return;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (!target) {
        const meant = suggest(node.source, anchors.keys());
        diagnostics.error(
          "unknown-anchor",
          rangeOf(node),
          `There is no anchor '${node.source}' above`,
          meant === undefined ? undefined : `Did you mean '*${meant}'?`,
        );
      } else if (open.has(target)) {
        diagnostics.error(
          "endless-alias",
          rangeOf(node),
          `The anchor '${node.source}' would contain itself without end`,
        );
      } else {
        targets.set(node, target);
      }
      return;
    }
    if ("anchor" in node && typeof node.anchor === "string") anchors.set(node.anchor, node as ParsedNode);
    if (isScalar(node)) return;
    if (isMap(node) || isSeq(node)) {
      open.add(node);
      for (const item of node.items) visit(item);
      open.delete(node);
    }
  };
  visit(root);
  return targets;
}
