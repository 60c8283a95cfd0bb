import { describe, expect, it } from "vitest";
import { checkCron } from "./check-cron.ts";
import { isTimezone } from "./is-timezone.ts";
import { nextRun } from "./next-run.ts";

function next(cron: string, after: string, timezone?: string): string | undefined {
  return nextRun(cron, timezone, new Date(after))?.toISOString();
}

describe("the next run of a cron line", () => {
  it.each([
    ["*/5 * * * *", "2026-01-01T00:00:00Z", undefined, "2026-01-01T00:05:00.000Z"],
    ["*/5 * * * *", "2026-01-01T00:04:59.999Z", undefined, "2026-01-01T00:05:00.000Z"],
    ["30 4-6 * * *", "2026-01-01T06:30:00Z", undefined, "2026-01-02T04:30:00.000Z"],
    ["20/15 * * * *", "2026-01-01T00:36:00Z", undefined, "2026-01-01T00:50:00.000Z"],
    ["0 2-4/2 * * *", "2026-01-01T02:30:00Z", undefined, "2026-01-01T04:00:00.000Z"],
    ["0 0 * * SUN-2", "2026-01-07T00:00:00Z", undefined, "2026-01-11T00:00:00.000Z"],
    ["0 0 1 JAN,jul *", "2026-01-01T00:00:00Z", undefined, "2026-07-01T00:00:00.000Z"],
    ["0 0 29 2 *", "2026-01-01T00:00:00Z", undefined, "2028-02-29T00:00:00.000Z"],
    // Both days given: either will do.
    ["0 0 13 * FRI", "2026-01-01T00:00:00Z", undefined, "2026-01-02T00:00:00.000Z"],
    ["0 9 * * *", "2026-07-01T00:00:00Z", "Europe/Berlin", "2026-07-01T07:00:00.000Z"],
    ["0 9 * * *", "2026-01-01T00:00:00Z", "Asia/Kolkata", "2026-01-01T03:30:00.000Z"],
    // Clocks go forward from 2 to 3.
    ["30 2 * * *", "2026-03-29T00:00:00Z", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
  ])("%s after %s in %s", (cron, after, timezone, expected) => {
    expect(next(cron, after, timezone)).toBe(expected);
  });

  it("is none for a day that never comes", () => {
    expect(next("0 0 30 2 *", "2026-01-01T00:00:00Z")).toBeUndefined();
  });

  it("is refused for a malformed line or an unknown zone", () => {
    expect(() => next("nope", "2026-01-01T00:00:00Z")).toThrow("'nope' has 1 fields, not 5");
    expect(() => next("0 0 * * *", "2026-01-01T00:00:00Z", "Mars/Base")).toThrow(
      "There is no time zone 'Mars/Base'",
    );
  });
});

describe("a cron line is refused", () => {
  it.each([
    ["", "'' has 0 fields, not 5"],
    ["0 0 * *", "has 4 fields, not 5"],
    ["0 0 * * * *", "has 6 fields, not 5"],
    ["@daily", "'@daily' is not supported"],
    ["60 * * * *", "'60' is no minute (0 to 59)"],
    ["* 24 * * *", "'24' is no hour (0 to 23)"],
    ["* * 0 * *", "'0' is no day of the month (1 to 31)"],
    ["* * * 13 *", "'13' is no month (1 to 12)"],
    ["* * * * 7", "'7' is no day of the week (0 to 6)"],
    ["0 -1 * * *", "'-1' is no hour"],
    ["0 1- * * *", "'1-' is no hour"],
    ["0 /1 * * *", "'/1' is no hour"],
    ["0 1/ * * *", "'1/' is no hour"],
    ["0 ,1 * * *", "'' is no hour"],
    ["0 5--5 * * *", "'5--5' is no hour"],
    ["0 *//5 * * *", "'*//5' is no hour"],
    ["0 */* * * *", "'*/*' is no hour"],
    ["0 *-4 * * *", "'*-4' is no hour"],
    ["0 ** * * *", "'**' is no hour"],
    ["0 0 * * BUN", "'BUN' is no day of the week"],
    ["0 0 * SUN *", "'SUN' is no month"],
    ["0 0 * * FRI-TUE", "the range 'FRI-TUE' of the day of the week runs backwards"],
    ["0 12-4 * * *", "the range '12-4' of the hour runs backwards"],
    ["0 */0 * * *", "the step of '*/0' is 0"],
    ["0 2/4-5 * * *", "'2/4-5' is no hour"],
    ["0 0 L * *", "'L' is no day of the month"],
    ["0 0 ? * *", "'?' is no day of the month"],
    ["0 0 * * 5#2", "'5#2' is no day of the week"],
  ])("%j", (cron, problem) => {
    expect(checkCron(cron).problem).toContain(problem);
  });

  it("with a hint where it can be told what was meant", () => {
    expect(checkCron("0 0 * * 7")).toMatchObject({ hint: "Sunday is 0" });
    expect(checkCron("0 0 L * *")).toMatchObject({
      hint: "'?', 'L', 'W' and '#' are not part of POSIX cron",
    });
  });
});

it.each([
  ["* * * * *", 1],
  ["*/4 * * * *", 4],
  ["*/5 * * * *", 5],
  ["0,2,30 * * * *", 2],
  ["0,58 * * * *", 2],
  ["0-4 * * * *", 1],
  ["0 * * * *", 60],
  ["7/50 * * * *", 10],
])("the shortest time between two runs of %s is %d minutes", (cron, minutes) => {
  expect(checkCron(cron)).toMatchObject({ shortestMinutes: minutes });
});

it("knows time zones by their IANA names", () => {
  expect(["UTC", "Europe/Berlin", "America/New_York", "Mars/Base", "+02:00", ""].filter(isTimezone)).toEqual([
    "UTC",
    "Europe/Berlin",
    "America/New_York",
  ]);
});
