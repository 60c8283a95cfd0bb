import type { CompiledQuery, Kysely } from "kysely";
import type { Tables } from "../tables/tables.ts";
import type { Prepared } from "./prepared.ts";

/**
 * A database that runs what Kysely has written. Everything above it is the same for every engine; how they differ is
 * said by `traits`.
 */
export interface Engine {
  readonly name: "sqlite" | "postgres";
  readonly traits: EngineTraits;
  /** Writes queries; it runs none. */
  readonly db: Kysely<Tables>;
  /** Statements outside any transaction, each one its own. */
  readonly session: Session;
  /**
   * Runs `work` in one transaction, again from its start where the engine asks for that (a deadlock). What it throws
   * takes everything back. `work` uses the session it is given and no other, and awaits nothing else.
   */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** See `Store.copyTo`. */
  copyTo?(file: string): Promise<void>;
  close(): Promise<void>;
}

/** Rejects with `ExecError`, as `Store` says. */
export interface Session {
  /** Runs a prepared statement and gives its rows. */
  rows<P, R>(statement: Prepared<P, R>, params: P): Promise<R[]>;
  /** The same, for how many rows it changed. */
  change<P>(statement: Prepared<P, unknown>, params: P): Promise<number>;
  /** A query whose shape is only known now. */
  query<R>(query: CompiledQuery<R>): Promise<R[]>;
  /**
   * In a transaction: waits until no other transaction holds this name, and holds it until the end. It has no cost where
   * the engine has one writer anyway.
   */
  hold(name: string): Promise<void>;
}

export interface EngineTraits {
  /** How many rows one statement best writes or looks up: 1 where a call costs nothing, many where it is a round trip. */
  readonly rowsPerStatement: number;
  /** True: transactions run at the same time, and a decision over several rows needs `hold`. */
  readonly manyWriters: boolean;
  /** Unix milliseconds by the engine's clock, as an SQL expression. */
  readonly clock: string;
  /** Words of `create table`. */
  readonly types: {
    /** Text ordered by its bytes. */
    readonly text: string;
    /** A whole number up to 2^53. */
    readonly number: string;
    readonly bytes: string;
    /** A primary key that counts by itself and never gives a number twice. */
    readonly counted: string;
    /** After the columns: rows lie in the tree of their primary key, not beside it. */
    readonly clustered: string;
  };
}
