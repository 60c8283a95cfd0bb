import type { SourceText } from "../source-text.ts";
import type { TemplateEntry, TemplateExpression, TemplateMapping, TemplateValue } from "./template-value.ts";
import type { ExpressionToken, LiteralToken, MappingToken, Token } from "./token.ts";

/** What a token says, as plain JSON. */
export function templateOf(token: Token, source: SourceText): TemplateValue {
  switch (token.kind) {
    case "literal":
      return literalOf(token, source);
    case "expression":
      return expressionOf(token, source);
    case "insert":
      return null;
    case "sequence":
      return { kind: "sequence", items: token.items.map((item) => templateOf(item, source)) };
    case "mapping":
      return mappingOf(token, source);
  }
}

/** JSON has no number for `.inf` and `.nan`; expressions do. */
function literalOf({ value, start }: LiteralToken, source: SourceText): TemplateValue {
  if (typeof value !== "number" || Number.isFinite(value)) return value === 0 ? 0 : value;
  return { kind: "expression", source: String(value), at: source.position(start) };
}

export function mappingOf(token: MappingToken, source: SourceText): TemplateMapping {
  return {
    kind: "mapping",
    entries: token.entries.map(({ key, value }): TemplateEntry => {
      const template = templateOf(value, source);
      if (key.kind === "insert") return { key: { kind: "insert" }, value: template };
      if (key.kind === "expression") return { key: expressionOf(key, source), value: template };
      return { key: String(key.value), value: template };
    }),
  };
}

export function expressionOf(token: ExpressionToken, source: SourceText): TemplateExpression {
  const [first] = token.parts;
  const offset = token.whole && first ? first.offsetOf(0) : token.start;
  return { kind: "expression", source: token.source, at: source.position(offset) };
}
