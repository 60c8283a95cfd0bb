import { ExecError } from "../errors.ts";
import type { LogRow } from "../store/log-store.ts";
import type { LogPiece } from "./log-sink.ts";

/**
 * The log from this byte on, out of rows that hold it. Rows may cover the same bytes twice (a writer that had lost its
 * lease and did not know it yet wrote in other portions): each byte comes once. Throws `Permanent` where one is missing.
 */
export function rowsToPieces(rows: readonly LogRow[], fromByte: number): readonly LogPiece[] {
  const pieces: LogPiece[] = [];
  let position = fromByte;
  for (const row of rows.length > 1 ? inOrder(rows) : rows) {
    const endByte = row.startByte + row.content.length;
    if (endByte <= position) continue;
    if (row.startByte > position) {
      throw new ExecError("Permanent", `the log of step ${row.ref.id} has a hole at byte ${position}`);
    }
    const data = row.startByte === position ? row.content : row.content.subarray(position - row.startByte);
    pieces.push({ offset: position, data, at: row.at });
    position = endByte;
  }
  return pieces;
}

function inOrder(rows: readonly LogRow[]): readonly LogRow[] {
  const sorted = rows.every(
    (row, index) => index === 0 || (rows[index - 1]?.startByte ?? 0) <= row.startByte,
  );
  return sorted ? rows : rows.toSorted((a, b) => a.startByte - b.startByte);
}
