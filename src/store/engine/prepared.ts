import { type Compilable, type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../tables/tables.ts";

/** Stands for a value that a prepared statement is given when it runs. */
class Slot<P> {
  readonly read: (params: P) => unknown;
  constructor(read: (params: P) => unknown) {
    this.read = read;
  }
}

/** Puts a parameter into the text of a statement: by its name, or by how it is read. */
export interface ParamOf<P> {
  <K extends keyof P & string>(name: K): RawBuilder<Exclude<P[K], undefined>>;
  <T>(read: (params: P) => T): RawBuilder<T>;
}

/**
 * A statement that Kysely writes and compiles once per engine, and that is then run with other values again and again:
 * building a query takes longer than SQLite takes to run it.
 */
export interface Prepared<P, R> {
  /** Text and the order of its values, for one engine. */
  readonly compile: (db: Kysely<Tables>) => StatementText<P>;
  /** Never there: it only carries the type of the rows. */
  readonly rowType?: R;
}

export interface StatementText<P> {
  readonly sql: string;
  readonly values: (params: P) => unknown[];
}

export function prepared<P, R>(
  build: (db: Kysely<Tables>, param: ParamOf<P>) => Compilable<R>,
): Prepared<P, R> {
  const param = (by: (keyof P & string) | ((params: P) => unknown)): RawBuilder<never> =>
    sql`${new Slot<P>(typeof by === "string" ? (params) => params[by] : by)}`;
  return {
    compile(db) {
      const { sql: text, parameters } = build(db, param as ParamOf<P>).compile();
      const readers = parameters.map((value) => (value instanceof Slot ? value.read : () => value));
      return { sql: text, values: (params) => readers.map((read) => read(params)) };
    },
  };
}
