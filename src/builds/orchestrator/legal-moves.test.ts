import { expect, test } from "vitest";
import { isFinal, isLegalMove, type Status } from "../../status.ts";
import { legalMoves } from "./legal-moves.ts";

const ALL: readonly Status[] = [
  "pending",
  "queued",
  "waiting",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "skipped",
];
const PAIRS = ALL.flatMap((from) => ALL.map((to) => [from, to] as const));

test.each(PAIRS)(
  "from %s to %s there are only legal moves, and they end in an end where one is wanted",
  (from, to) => {
    const moves = legalMoves(from, to);
    let at = from;
    for (const move of moves) {
      expect(isLegalMove(at, move)).toBe(true);
      at = move;
    }
    if (isFinal(to)) expect(isFinal(at)).toBe(true);
  },
);

test.each([
  ["pending", "succeeded", ["running", "succeeded"]],
  ["waiting", "succeeded", ["running", "succeeded"]],
  ["pending", "skipped", ["skipped"]],
  ["queued", "skipped", ["cancelled"]],
  ["running", "running", []],
  ["succeeded", "running", []],
] as const)("from %s to %s: %j", (from, to, moves) => {
  expect(legalMoves(from, to)).toEqual(moves);
});
