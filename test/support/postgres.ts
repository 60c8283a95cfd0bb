import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { usePart } from "./parts/use-part.ts";

export interface TestDatabase {
  readonly url: string;
  dispose(): Promise<void>;
}

/** A fresh, empty database on the run's PostgreSQL, or on the one `SLIPWAY_TEST_POSTGRES_URL` names. */
export async function testPostgres(): Promise<TestDatabase> {
  const server =
    process.env.SLIPWAY_TEST_POSTGRES_URL ??
    (await usePart(inject("partsFolder"), inject("partsOwner"), "postgres")).url ??
    "";
  const name = `slipway_${randomBytes(6).toString("hex")}`;
  await run(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, dispose: () => run(server, `drop database ${name} with (force)`) };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
