export type Segment =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "expression";
      /** Without `${{`, `}}` and the space around. */
      readonly source: string;
      /** Of `source` in the value. */
      readonly offset: number;
      /** Of `${{` and behind `}}`. */
      readonly start: number;
      readonly end: number;
    };

export interface SplitValue {
  readonly segments: readonly Segment[];
  /** Where a `${{` stands that is never closed. */
  readonly unclosedAt?: number;
}

const OPEN = "${{";

/** Finds `${{ }}` in a value. A `}}` inside single quotes does not end an expression. */
export function splitExpressions(value: string): SplitValue {
  const segments: Segment[] = [];
  let at = 0;
  for (let open = value.indexOf(OPEN); open >= 0; open = value.indexOf(OPEN, at)) {
    if (open > at) segments.push({ kind: "text", text: value.slice(at, open) });
    const end = endOf(value, open + OPEN.length);
    if (end === undefined) return { segments, unclosedAt: open };
    const inside = value.slice(open + OPEN.length, end - 2);
    const source = inside.trim();
    const lead = inside.length - inside.trimStart().length;
    segments.push({ kind: "expression", source, offset: open + OPEN.length + lead, start: open, end });
    at = end;
  }
  if (at < value.length) segments.push({ kind: "text", text: value.slice(at) });
  return { segments };
}

function endOf(value: string, from: number): number | undefined {
  let quoted = false;
  for (let at = from; at < value.length; at++) {
    if (value[at] === "'") quoted = !quoted;
    else if (!quoted && value[at] === "}" && value[at - 1] === "}" && at - 1 >= from) return at + 1;
  }
  return undefined;
}

/** Text and expressions as one expression, as GitHub's own reader joins them. */
export function joinSegments(segments: readonly Segment[]): string {
  let pattern = "";
  let args = "";
  let count = 0;
  for (const segment of segments) {
    if (segment.kind === "text") {
      pattern += segment.text.replaceAll("'", "''").replaceAll("{", "{{").replaceAll("}", "}}");
    } else {
      pattern += `{${count++}}`;
      args += `, ${segment.source}`;
    }
  }
  return `format('${pattern}'${args})`;
}

/** The text of an expression that is nothing but a string: `'it''s'` is `it's`. */
export function stringLiteral(source: string): string | undefined {
  return /^'(?:[^']|'')*'$/.test(source) ? source.slice(1, -1).replaceAll("''", "'") : undefined;
}
