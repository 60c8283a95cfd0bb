import { ExecError } from "../../../errors.ts";

/** The words of a domain type and their numbers on the wire, both ways. */
export interface EnumTable<T extends string, W extends number> {
  readonly words: readonly T[];
  toWire(word: T): W;
  /** Throws `InvalidSpec` for UNSPECIFIED and for a number this program does not know. */
  toWord(number: number): T;
  /** Undefined for UNSPECIFIED. */
  toWordIfAny(number: number): T | undefined;
}

/** `what` is for people. The table must name every word, which its type sees to. */
export function enumTable<T extends string, W extends number>(
  what: string,
  table: { readonly [K in T]: W },
): EnumTable<T, W> {
  const words = Object.keys(table) as T[];
  const byNumber = new Map<number, T>(words.map((word) => [table[word], word]));
  const toWord = (number: number) => {
    const word = byNumber.get(number);
    if (word !== undefined) return word;
    throw new ExecError(
      "InvalidSpec",
      number === 0 ? `${what} is missing.` : `There is no ${what} ${number}.`,
    );
  };
  return {
    words,
    toWire: (word) => table[word],
    toWord,
    toWordIfAny: (number) => (number === 0 ? undefined : toWord(number)),
  };
}
