/** Line ends in bytes: LF, CR LF and CR. */
const LF = 10;
const CR = 13;

/** The index after the end of the line that `from` is in; -1 where it has none, or a CR that an LF may follow. */
export function lineEnd(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from);
  const cr = bytes.subarray(from, lf < 0 ? bytes.length - 1 : lf).indexOf(CR);
  if (cr < 0) return lf < 0 ? -1 : lf + 1;
  const end = from + cr + 1;
  return end === lf ? end + 1 : end;
}

/** The index after the end of the last line that has one; 0 where none has. */
export function lastLineEnd(bytes: Buffer): number {
  const lf = bytes.lastIndexOf(LF) + 1;
  return lf + bytes.subarray(lf, bytes.length - 1).lastIndexOf(CR) + 1;
}

/** Where the line begins that `from` is in, if it is known to begin at `notBefore` or later. */
export function lineStart(bytes: Buffer, from: number, notBefore: number): number {
  let at = from;
  while (at > notBefore && bytes[at - 1] !== LF && bytes[at - 1] !== CR) at--;
  return at;
}

/** True: the bytes end in a CR, which an LF may follow. */
export function endsInCr(bytes: Buffer | undefined): boolean {
  return bytes?.at(-1) === CR;
}

/** True: the bytes begin with an LF, which may follow a CR. */
export function beginsWithLf(bytes: Buffer): boolean {
  return bytes[0] === LF;
}

/** A line as text, without its end. */
export function lineText(line: Buffer): string {
  let end = line.length;
  if (line[end - 1] === LF) end--;
  if (line[end - 1] === CR) end--;
  return line.toString("utf8", 0, end);
}
