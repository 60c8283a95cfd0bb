/** The first time after `after` that a cron line comes due; undefined: never. Throws `ExecError` (`InvalidSpec`). */
export function nextRun(_cron: string, _timezone: string | undefined, _after: Date): Date | undefined {
  return undefined;
}
