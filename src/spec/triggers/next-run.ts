import { Cron } from "croner";
import { ExecError } from "../../errors.ts";
import { checkCron } from "./check-cron.ts";
import { isTimezone } from "./is-timezone.ts";

/**
 * The first time after `after` that a cron line comes due, by the clocks of a time zone (UTC where absent);
 * undefined: never. Where a clock is put forward, a time that does not exist comes due just after the gap. Throws
 * `ExecError` (`InvalidSpec`) for a malformed line or an unknown zone.
 */
export function nextRun(cron: string, timezone: string | undefined, after: Date): Date | undefined {
  const check = checkCron(cron);
  if (check.problem !== undefined) throw new ExecError("InvalidSpec", check.problem);
  if (timezone !== undefined && !isTimezone(timezone)) {
    throw new ExecError("InvalidSpec", `There is no time zone '${timezone}'`);
  }
  const { minute, hour, dayOfMonth, month, dayOfWeek } = check.fields;
  const plain = [minute, hour, dayOfMonth, month, dayOfWeek]
    .map((values) => values?.join(",") ?? "*")
    .join(" ");
  const job = new Cron(plain, { timezone: timezone ?? "UTC", paused: true });
  return job.nextRun(after) ?? undefined;
}
