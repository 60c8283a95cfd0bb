import { ExecError } from "../../errors.ts";
import type { BuildRecord } from "../build-record.ts";
import type { Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { BUILD_COLUMNS, buildOfRow, type SelectedBuildRow } from "./build-of-row.ts";

/** Rejects with `NotFound`. */
export async function findBuild(session: Session, id: string): Promise<BuildRecord> {
  const [row] = await session.rows(FIND, { id });
  if (row === undefined) throw new ExecError("NotFound", `there is no build ${id}`);
  return buildOfRow(row);
}

const FIND = prepared<{ id: string }, SelectedBuildRow>((db, param) =>
  db.selectFrom("builds").select(BUILD_COLUMNS).where("id", "=", param("id")),
);
