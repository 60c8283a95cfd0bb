import { ExecError } from "../../errors.ts";
import type { Engine, Session } from "../engine/engine.ts";
import type { Prepared } from "../engine/prepared.ts";
import { inChunks } from "../in-chunks.ts";
import type { RowWriter } from "../write-rows.ts";

/** How rows of one table are found, made, changed and written. */
export interface RowKind<Row, Change> {
  /** For messages. */
  readonly word: string;
  readonly writer: RowWriter<Row>;
  readonly find: (count: number) => Prepared<readonly string[], Row>;
  /** The row that a change adds; undefined: it changes one. */
  readonly added: (change: Change) => Row | undefined;
  /** Changes the row in place. What adds a row changes none. */
  readonly change: (row: Row, change: Change) => void;
}

/**
 * Applies the changes of a batch to rows of a build, each row's in their order. What is to be added and there already is
 * changed like the others. Rejects with `NotFound` for a row that is not there or is another build's.
 */
export async function applyToRows<Row extends { readonly id: string; readonly build_id: string }, Change>(
  kind: RowKind<Row, Change>,
  engine: Engine,
  session: Session,
  buildId: string,
  changes: ReadonlyMap<string, readonly Change[]>,
): Promise<void> {
  const fresh: Row[] = [];
  const present = new Set<string>();
  for (const [id, [first, ...rest]] of changes) {
    const row = first === undefined ? undefined : kind.added(first);
    if (row === undefined) {
      present.add(id);
      continue;
    }
    if (row.build_id !== buildId)
      throw new ExecError("Conflict", `${kind.word} ${id} is of build ${row.build_id}, not ${buildId}`);
    for (const change of rest) kind.change(row, change);
    fresh.push(row);
  }
  if (fresh.length > 0) {
    const written = await kind.writer.insert(engine, session, fresh);
    if (written.length < fresh.length) {
      const ids = new Set(written.map(({ id }) => id));
      for (const { id } of fresh) if (!ids.has(id)) present.add(id);
    }
  }
  if (present.size === 0) return;

  const rows: Row[] = [];
  for (const ids of inChunks([...present], engine.traits.rowsPerStatement))
    rows.push(...(await session.rows(kind.find(ids.length), ids)));
  for (const row of rows) {
    if (row.build_id !== buildId) continue;
    for (const change of changes.get(row.id) ?? []) kind.change(row, change);
    present.delete(row.id);
  }
  const [missing] = present;
  if (missing !== undefined)
    throw new ExecError("NotFound", `build ${buildId} has no ${kind.word} ${missing}`);
  await kind.writer.replace(engine, session, rows);
}
