const ASCII = /^[\x00-\x7f]*$/;

/**
 * Two strings are the same without regard to case exactly when this gives the same for both; their order is the order
 * of what this gives. As .NET's `OrdinalIgnoreCase`: one character never becomes several (`ß` is not `SS`) and one
 * outside ASCII never becomes one inside (`ı` is not `I`).
 */
export function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  let folded = "";
  for (const character of text) {
    const upper = character.toUpperCase();
    const same = upper.length === character.length && (character < "\x80" || upper >= "\x80");
    folded += same ? upper : character;
  }
  return folded;
}
