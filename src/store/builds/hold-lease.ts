import { ExecError } from "../../errors.ts";
import type { BuildLease } from "../build-record.ts";
import type { Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";

/** In a transaction: rejects with `Conflict` where the lease is lost, and keeps it from being lost until the end. */
export async function holdLease(session: Session, lease: BuildLease): Promise<void> {
  if ((await session.change(HOLD, lease)) === 0)
    throw new ExecError("Conflict", `the lease of build ${lease.buildId} is lost`);
}

const HOLD = prepared<BuildLease, unknown>((db, param) =>
  db
    .updateTable("builds")
    .set((eb) => ({ version: eb.ref("version") }))
    .where("id", "=", param("buildId"))
    .where("fence", "=", param("fence")),
);
