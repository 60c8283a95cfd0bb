import { createHash } from "node:crypto";

/**
 * The id of the build that a schedule starts for one of its times: the same on every server and after every restart, so
 * that it is started once. A UUID that sorts by that time as those of `newId` do (RFC 9562, version 7, hashed bits).
 */
export function scheduledBuildId(scheduleId: string, dueAt: number): string {
  const time = Math.max(0, Math.trunc(dueAt)).toString(16).padStart(12, "0");
  const hash = createHash("sha256").update(`${scheduleId} ${dueAt}`).digest("hex");
  const variant = ((Number.parseInt(hash.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
