import type { SourcePosition, TemplateValue } from "../template/template-value.ts";

/** A piece of a text with expressions in it. */
export type TextPiece =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "expression";
      readonly source: string;
      /** Of `source` in the text, counted from 0. */
      readonly offset: number;
    };

const OPEN = "${{";
const CLOSE = "}}";

/** Splits a text at its `${{ }}`. `unclosedAt` tells where one has no end. */
export function splitText(text: string): { pieces: TextPiece[]; unclosedAt?: number } {
  const pieces: TextPiece[] = [];
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    const close = closeOf(text, open + OPEN.length);
    if (close < 0) return { pieces: [...pieces, ...textPiece(text.slice(at))], unclosedAt: open };
    pieces.push(...textPiece(text.slice(at, open)));
    const inner = text.slice(open + OPEN.length, close);
    const source = inner.trim();
    pieces.push({ kind: "expression", source, offset: open + OPEN.length + inner.indexOf(source) });
    at = close + CLOSE.length;
  }
  return { pieces: [...pieces, ...textPiece(text.slice(at))] };
}

/** A value that evaluates to the pieces put together: a plain text where there is no expression among them. */
export function joinPieces(pieces: readonly TextPiece[], at: SourcePosition): TemplateValue {
  const expressions = pieces.filter((piece) => piece.kind === "expression");
  const [only] = expressions;
  if (!only) return pieces.map((piece) => (piece.kind === "text" ? piece.text : "")).join("");
  // A value of another type than text must become text too.
  let next = 0;
  const format = pieces
    .map((piece) => (piece.kind === "text" ? escapeFormat(piece.text) : `{${next++}}`))
    .join("");
  const args = expressions.map(({ source }) => source).join(", ");
  return { kind: "expression", source: `format('${format.replaceAll("'", "''")}', ${args})`, at };
}

export function textPiece(text: string): TextPiece[] {
  return text === "" ? [] : [{ kind: "text", text }];
}

function escapeFormat(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}

/** The `}}` that ends an expression is not inside one of its quoted texts. */
function closeOf(text: string, start: number): number {
  let isQuoted = false;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "'") isQuoted = !isQuoted;
    if (!isQuoted && text.startsWith(CLOSE, at)) return at;
  }
  return -1;
}
