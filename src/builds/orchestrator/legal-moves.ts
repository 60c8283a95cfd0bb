import { isFinal, isLegalMove, type Status } from "../../status.ts";

/**
 * The states on the way to a state, itself included; empty where it is there already. Where no legal way leads there
 * (what is running can no longer be skipped), the nearest end is taken; what has ended stays.
 */
export function legalMoves(from: Status, to: Status): readonly Status[] {
  if (from === to || isFinal(from)) return [];
  if (isLegalMove(from, to)) return [to];
  if (isLegalMove(from, "running") && isLegalMove("running", to)) return ["running", to];
  return isFinal(to) ? ["cancelled"] : [];
}
