import { sql } from "kysely";
import type { Engine, Session } from "./engine/engine.ts";
import { type Prepared, prepared } from "./engine/prepared.ts";
import { inChunks } from "./in-chunks.ts";
import type { Tables } from "./tables/tables.ts";

/**
 * Writes rows of one table in as few statements as serve the engine: one by one by a prepared statement where a call
 * costs nothing, many in one where it is a round trip.
 */
export interface RowWriter<Row> {
  /** Gives those that were written; of the others there is one with the same key, which stays. */
  insert(engine: Engine, session: Session, rows: readonly Row[]): Promise<readonly Row[]>;
  /** Writes over what is there. */
  replace(engine: Engine, session: Session, rows: readonly Row[]): Promise<void>;
}

export interface RowWriterOptions<Row> {
  readonly columns: readonly (keyof Row & string)[];
  /** What makes a row the same row. The last one tells the rows of one call apart. */
  readonly key: readonly (keyof Row & string)[];
  /** What `replace` changes. */
  readonly changes: readonly (keyof Row & string)[];
}

export function rowWriter<Row extends object>(
  table: keyof Tables & string,
  { columns, key, changes }: RowWriterOptions<Row>,
): RowWriter<Row> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const keys = sql.join(key.map((column) => sql.ref(column)));
  const tells = key.at(-1) as keyof Row & string;
  const updates = sql.join(changes.map((c) => sql`${sql.ref(c)} = excluded.${sql.ref(c)}`));

  // The texts for each number of rows, made when first needed: at most `rowsPerStatement` of them.
  const inserts = new Map<number, Prepared<readonly Row[], Row>>();
  const replaces = new Map<number, Prepared<readonly Row[], unknown>>();

  const text = (count: number, end: ReturnType<typeof sql>) =>
    prepared<readonly Row[], Row>((db, param) => {
      const values = Array.from({ length: count }, (_, i) => {
        const row = columns.map((column) => param((rows) => rows[i]?.[column]));
        return sql`(${sql.join(row)})`;
      });
      const query = sql<Row>`insert into ${sql.table(table)} (${names}) values ${sql.join(values)} on conflict (${keys}) ${end}`;
      return { compile: () => query.compile(db) };
    });

  return {
    async insert(engine, session, rows) {
      const written: Row[] = [];
      for (const chunk of inChunks(rows, engine.traits.rowsPerStatement)) {
        let statement = inserts.get(chunk.length);
        if (statement === undefined) {
          statement = text(chunk.length, sql`do nothing returning ${sql.ref(tells)}`);
          inserts.set(chunk.length, statement);
        }
        const found = await session.rows(statement, chunk);
        if (found.length === chunk.length) written.push(...chunk);
        else {
          const told = new Set(found.map((row) => row[tells]));
          written.push(...chunk.filter((row) => told.has(row[tells])));
        }
      }
      return written;
    },
    async replace(engine, session, rows) {
      for (const chunk of inChunks(rows, engine.traits.rowsPerStatement)) {
        let statement = replaces.get(chunk.length);
        if (statement === undefined) {
          statement = text(chunk.length, sql`do update set ${updates}`);
          replaces.set(chunk.length, statement);
        }
        await session.change(statement, chunk);
      }
    },
  };
}
