import { type RawBuilder, sql } from "kysely";
import type { Engine } from "../engine/engine.ts";

/** The schema as the engine itself tells it, one statement or line a thing, in an order that does not change. */
export async function dumpSchema(engine: Engine): Promise<string> {
  const rows = await engine.session.query(DUMPS[engine.name].compile(engine.db));
  const lines = rows.map(({ line }) => line.replaceAll(/\n {4}/g, "\n  ").replace(/\n {2}\);$/, "\n);"));
  return `-- The schema as ${engine.name === "sqlite" ? "SQLite" : "PostgreSQL"} tells it. Made by \`npm run generate\`.\n\n${lines.join("\n")}\n`;
}

const DUMPS: Readonly<Record<Engine["name"], RawBuilder<{ line: string }>>> = {
  sqlite: sql`
    select sql || ';' as line from sqlite_schema
    where sql is not null and name not like 'sqlite_%'
    order by tbl_name, type desc, name`,
  postgres: sql`
    select line from (
      select c.relname as of_table, 1 as part, lpad(a.attnum::text, 5, '0') as place,
        'table ' || c.relname || ': ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
          || case when a.attcollation <> 0 and co.collname <> 'default' then ' collate "' || co.collname || '"' else '' end
          || case a.attidentity when 'a' then ' generated always as identity' else '' end
          || case when a.attnotnull then ' not null' else '' end as line
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
      left join pg_collation co on co.oid = a.attcollation
      where a.attnum > 0 and not a.attisdropped
      union all
      select c.relname, 2, k.conname, 'table ' || c.relname || ': constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
      from pg_constraint k
      join pg_class c on c.oid = k.conrelid and c.relnamespace = 'public'::regnamespace
      where k.contype <> 'n'
      union all
      select i.tablename, 3, i.indexname, i.indexdef from pg_indexes i where i.schemaname = 'public'
    ) as lines
    order by of_table collate "C", part, place collate "C"`,
};
