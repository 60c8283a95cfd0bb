import type { TemplateValue } from "../../spec/template/template-value.ts";

/** A value of a pipeline as its author wrote it, more or less, in one line. */
export function templateText(value: TemplateValue | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "object") return String(value);
  switch (value.kind) {
    case "expression":
      return unformatted(value.source) ?? `\${{ ${value.source.trim()} }}`;
    case "sequence":
      return value.items.map(templateText).join(", ");
    case "mapping":
      return value.entries
        .map(({ key, value: inner }) => {
          const name =
            typeof key === "string" ? key : key.kind === "insert" ? `\${{ insert }}` : templateText(key);
          return `${name}: ${templateText(inner)}`;
        })
        .join(", ");
  }
}

/** Text with expressions in it is kept as `format('…', …)`: the text again. */
function unformatted(source: string): string | undefined {
  const match = /^\s*format\('((?:[^']|'')*)'\s*,\s*(.*)\)\s*$/s.exec(source);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const parts = splitArguments(match[2]);
  return match[1].replaceAll("''", "'").replace(/\{\{|\}\}|\{(\d+)\}/g, (whole, index) => {
    if (whole === "{{") return "{";
    if (whole === "}}") return "}";
    return `\${{ ${parts[Number(index)]?.trim() ?? ""} }}`;
  });
}

/** At commas that stand in no bracket and no string. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (const [at, character] of [...text].entries()) {
    if (character === "'") quoted = !quoted;
    else if (quoted) continue;
    else if ("([".includes(character)) depth++;
    else if (")]".includes(character)) depth--;
    else if (character === "," && depth === 0) {
      parts.push([...text].slice(from, at).join(""));
      from = at + 1;
    }
  }
  return [...parts, [...text].slice(from).join("")];
}
