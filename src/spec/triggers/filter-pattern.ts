import { ExecError } from "../../errors.ts";

/** A pattern of a `branches`, `tags` or `paths` filter. */
export interface FilterPattern {
  readonly source: string;
  /** It starts with `!`: what it matches is taken out again. */
  readonly negative: boolean;
  matches(text: string): boolean;
}

type Accepts = (character: string) => boolean;

/** A state of the automaton; `to` and `skipTo` count states from this one. */
interface State {
  readonly steps: readonly { readonly accepts: Accepts; readonly to: number }[];
  /** Where it can also go without a character. */
  readonly skipTo?: number;
}

const ANY: Accepts = () => true;
const NOT_SLASH: Accepts = (character) => character !== "/";
const RANGE = /^(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9])/;

/**
 * GitHub's filter patterns: `*` any characters but `/`, `**` any characters, `**` and a slash any folders or none, `?` and `+`
 * zero or one and one or more of the character before, `[a-z0-9]` one of these, `\` takes what follows as it is.
 * Case matters, and a pattern matches a whole name. Matching takes time in proportion to pattern × name, whatever
 * they are. Throws `ExecError` (`InvalidSpec`) where the pattern is malformed.
 */
export function compilePattern(source: string): FilterPattern {
  const negative = source.startsWith("!");
  const states = statesOf(Array.from(negative ? source.slice(1) : source), source);
  return { source, negative, matches: (text) => run(states, text) };
}

function statesOf(pattern: readonly string[], source: string): State[] {
  const states: State[] = [];
  let index = 0;
  while (index < pattern.length) {
    const character = pattern[index] ?? "";
    if (character === "*") {
      const isDouble = pattern[index + 1] === "*";
      const startsSegment = index === 0 || pattern[index - 1] === "/";
      if (isDouble && startsSegment && pattern[index + 2] === "/") {
        states.push(...FOLDERS);
        index += 3;
      } else {
        states.push(repeated(isDouble ? ANY : NOT_SLASH));
        index += isDouble ? 2 : 1;
      }
      continue;
    }
    const unit = readUnit(pattern, index, source);
    index = unit.end;
    const quantifier = pattern[index];
    if (quantifier === "?") states.push({ steps: [{ accepts: unit.accepts, to: 1 }], skipTo: 1 });
    else states.push({ steps: [{ accepts: unit.accepts, to: 1 }] });
    if (quantifier === "+") states.push(repeated(unit.accepts));
    if (quantifier === "?" || quantifier === "+") index += 1;
  }
  return states;
}

/** `(.+/)?` */
const FOLDERS: readonly State[] = [
  { steps: [{ accepts: ANY, to: 1 }], skipTo: 2 },
  {
    steps: [
      { accepts: ANY, to: 0 },
      { accepts: (character) => character === "/", to: 1 },
    ],
  },
];

function repeated(accepts: Accepts): State {
  return { steps: [{ accepts, to: 0 }], skipTo: 1 };
}

/** One character, escaped or not, or one set of them. */
function readUnit(
  pattern: readonly string[],
  start: number,
  source: string,
): { accepts: Accepts; end: number } {
  const character = pattern[start] ?? "";
  if (character === "[") return readSet(pattern, start, source);
  const isEscape = character === "\\";
  const wanted = isEscape ? pattern[start + 1] : character;
  if (wanted === undefined) throw malformed(source, "nothing follows the '\\' at its end");
  return { accepts: (candidate) => candidate === wanted, end: start + (isEscape ? 2 : 1) };
}

function readSet(
  pattern: readonly string[],
  start: number,
  source: string,
): { accepts: Accepts; end: number } {
  const close = pattern.indexOf("]", start);
  if (close < 0) throw malformed(source, "a '[' is never closed by ']'");
  if (close === start + 1) throw malformed(source, "there is nothing between '[' and ']'");
  const ranges: (readonly [from: string, to: string])[] = [];
  for (let index = start + 1; index < close; ) {
    const from = pattern[index] ?? "";
    const range = RANGE.exec(pattern.slice(index, Math.min(index + 3, close)).join(""))?.[0];
    const to = range?.[2] ?? from;
    if (!/^[a-zA-Z0-9]$/.test(from) || from > to) {
      throw malformed(source, "between '[' and ']' stand letters a-z and A-Z, digits, and ranges of these");
    }
    ranges.push([from, to]);
    index += range === undefined ? 1 : 3;
  }
  return {
    accepts: (candidate) => ranges.some(([from, to]) => candidate >= from && candidate <= to),
    end: close + 1,
  };
}

function run(states: readonly State[], text: string): boolean {
  let current = new Set<number>();
  enter(states, current, 0);
  for (const character of text) {
    const next = new Set<number>();
    for (const at of current) {
      for (const { accepts, to } of states[at]?.steps ?? []) {
        if (accepts(character)) enter(states, next, at + to);
      }
    }
    if (next.size === 0) return false;
    current = next;
  }
  return current.has(states.length);
}

function enter(states: readonly State[], into: Set<number>, start: number): void {
  for (let at = start; !into.has(at); ) {
    into.add(at);
    at += states[at]?.skipTo ?? 0;
  }
}

function malformed(source: string, why: string): ExecError {
  return new ExecError("InvalidSpec", `The pattern '${source}' is malformed: ${why}`);
}
