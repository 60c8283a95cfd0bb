import { ContextAccess, type Expr, Grouping, IndexAccess, Literal, Star } from "@actions/expressions/ast";
import { childrenOf, parseExpression } from "./parse-expression.ts";

/**
 * The property paths an expression reads from contexts, as far as they are literal: `steps.build.outputs.x` is
 * `["steps", "build", "outputs", "x"]`, `steps[env.id].outputs` is `["steps"]` (and `["env", "id"]`), and
 * `steps.*.outcome` is `["steps", "*", "outcome"]`. Names are as written. An expression that does not parse has none.
 */
export function referencedPaths(source: string): string[][] {
  const { root } = parseExpression(source);
  return root ? pathsIn(root) : [];
}

function pathsIn(node: Expr): string[][] {
  const steps: (string | undefined)[] = [];
  const indexes: Expr[] = [];
  let base = node;
  for (; base instanceof IndexAccess || base instanceof Grouping; ) {
    if (base instanceof Grouping) {
      base = base.group;
      continue;
    }
    steps.unshift(literalIndex(base.index));
    indexes.unshift(base.index);
    base = base.expr;
  }
  const end = steps.indexOf(undefined);
  const literal = (end < 0 ? steps : steps.slice(0, end)) as string[];
  const own = base instanceof ContextAccess ? [[base.name.lexeme, ...literal]] : [];
  return [...own, ...[...childrenOf(base), ...indexes].flatMap(pathsIn)];
}

function literalIndex(index: Expr): string | undefined {
  if (index instanceof Star) return "*";
  return index instanceof Literal ? index.literal.coerceString() : undefined;
}
