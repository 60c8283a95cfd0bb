import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { ChangeOf } from "./sort-changes.ts";

export async function describeBuild(
  session: Session,
  buildId: string,
  { title, workflow, warning }: ChangeOf<"build-described">,
): Promise<void> {
  if (title !== undefined || workflow !== undefined)
    await session.change(DESCRIBE, { buildId, title: title ?? null, workflow: workflow ?? null });
  if (warning !== undefined) {
    const digest = createHash("sha256").update(warning).digest("hex");
    await session.change(WARN, { buildId, digest, message: warning });
  }
}

export async function warningsOf(session: Session, buildId: string): Promise<readonly string[]> {
  const rows = await session.rows(WARNINGS, { buildId });
  return rows.map(({ message }) => message);
}

const DESCRIBE = prepared<{ buildId: string; title: string | null; workflow: string | null }, unknown>(
  (db, param) =>
    db
      .updateTable("builds")
      .set({
        title: sql`coalesce(${param("title")}, title)`,
        workflow: sql`coalesce(${param("workflow")}, workflow)`,
      })
      .where("id", "=", param("buildId")),
);

const WARN = prepared<{ buildId: string; digest: string; message: string }, unknown>((db, param) =>
  db
    .insertInto("build_warnings")
    .values({
      build_id: param("buildId"),
      digest: param("digest"),
      position: sql`(select coalesce(max(position), 0) + 1 from build_warnings where build_id = ${param("buildId")})`,
      message: param("message"),
    })
    .onConflict((conflict) => conflict.columns(["build_id", "digest"]).doNothing()),
);

const WARNINGS = prepared<{ buildId: string }, { message: string }>((db, param) =>
  db
    .selectFrom("build_warnings")
    .select("message")
    .where("build_id", "=", param("buildId"))
    .orderBy("position"),
);
