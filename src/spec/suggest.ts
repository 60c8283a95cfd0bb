/** The candidate that was most probably meant by a mistyped word; undefined where none is near. */
export function suggest(_word: string, _candidates: Iterable<string>): string | undefined {
  return undefined;
}
