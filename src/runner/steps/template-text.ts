import type { TemplateValue } from "../../spec/template/template-value.ts";

/** A scalar of a pipeline file as it was written: `format('a {0}', b)` is `a ${{ b }}` again. */
export function templateText(value: TemplateValue): string {
  if (value === null) return "";
  if (typeof value !== "object") return String(value);
  if (value.kind !== "expression") return "";
  return formatText(value.source) ?? wrapped(value.source);
}

function wrapped(source: string): string {
  return `\${{ ${source.trim()} }}`;
}

/** Undefined: the expression is no `format` of a literal text. */
function formatText(source: string): string | undefined {
  const call = /^\s*format\s*\((.*)\)\s*$/is.exec(source)?.[1];
  if (call === undefined) return undefined;
  const [first, ...rest] = splitArguments(call);
  const literal = /^\s*'((?:[^']|'')*)'\s*$/s.exec(first ?? "")?.[1];
  if (literal === undefined || rest.length === 0) return undefined;
  return literal
    .replaceAll("''", "'")
    .replace(/\{\{|\}\}|\{(\d+)\}/g, (found, index: string | undefined) =>
      index === undefined ? found.slice(1) : wrapped(rest[Number(index)] ?? ""),
    );
}

function splitArguments(source: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let inText = false;
  let start = 0;
  for (let at = 0; at < source.length; at++) {
    const symbol = source[at];
    if (symbol === "'") inText = !inText;
    else if (inText) continue;
    else if (symbol === "(" || symbol === "[") depth++;
    else if (symbol === ")" || symbol === "]") depth--;
    else if (symbol === "," && depth === 0) {
      parts.push(source.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, source.slice(start)];
}
