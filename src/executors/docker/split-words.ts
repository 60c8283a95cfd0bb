import { ExecError } from "../../errors.ts";

/** Splits a text into words as a shell does: at blanks, with quotes and backslashes; nothing is put in place of variables. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === "'") {
      if (char === "'") quote = undefined;
      else word = (word ?? "") + char;
    } else if (char === "\\" && at + 1 < text.length) {
      const next = text.charAt(at + 1);
      // Between double quotes it only stands before what would mean something.
      const kept = quote === '"' && !/["\\$`\n]/.test(next) ? `\\${next}` : next === "\n" ? "" : next;
      word = (word ?? "") + kept;
      at += 1;
    } else if (quote === '"') {
      if (char === '"') quote = undefined;
      else word = (word ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined) throw new ExecError("InvalidSpec", `A quote (${quote}) is not closed in: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}
