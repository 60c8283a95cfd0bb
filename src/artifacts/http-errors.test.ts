import { describe, expect, it } from "vitest";
import { ExecError, type ExecErrorCode } from "../errors.ts";
import { httpFailure } from "./http-errors.ts";

/** What `@actions/artifact`, `@actions/cache` and Azure's client try again, for up to half a minute. */
const TRIED_AGAIN = [429, 500, 502, 503, 504];

describe("httpFailure", () => {
  it.each<[ExecErrorCode, number, boolean]>([
    ["InvalidSpec", 400, false],
    ["Unauthorized", 401, false],
    ["Forbidden", 403, false],
    ["NotFound", 404, false],
    ["Cancelled", 408, false],
    ["Conflict", 409, false],
    ["QuotaExceeded", 507, false],
    ["Permanent", 507, false],
    ["Transient", 503, true],
    ["Timeout", 504, true],
  ])("%s is %d (tried again: %s)", (code, status, again) => {
    expect(httpFailure(new ExecError(code, "why"))).toMatchObject({ status, message: "why" });
    expect(TRIED_AGAIN.includes(status)).toBe(again);
  });

  it("tells nobody the inside of an error that was not expected", () => {
    expect(httpFailure(new TypeError("x of undefined"))).toEqual({
      status: 500,
      code: "internal",
      message: "something went wrong inside the service",
    });
  });
});
