import assert from "node:assert/strict";
import { test } from "node:test";
import { stamp } from "../src/stamp.js";

// What a stamp looks like depends on the machine's time zone: the pipeline runs this in several.
const EXPECTED = {
  UTC: "2026-01-02T03:04:05+00:00",
  "Asia/Kolkata": "2026-01-02T08:34:05+05:30",
  "America/New_York": "2026-01-01T22:04:05-05:00",
};

test("a stamp shows local time and its offset", () => {
  const zone = process.env.TZ ?? "UTC";
  process.env.TZ = zone;
  assert.equal(stamp(new Date("2026-01-02T03:04:05Z")), EXPECTED[zone]);
});
