import { describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import { fileError } from "./file-error.ts";

describe("fileError", () => {
  it.each([
    ["ENOSPC", "QuotaExceeded", "cannot save: the disk is full"],
    ["EDQUOT", "QuotaExceeded", "cannot save: the disk quota is used up"],
    ["EROFS", "Permanent", "cannot save: the file system is read-only"],
    ["EACCES", "Permanent", "cannot save: permission denied"],
    ["ENOENT", "NotFound", "cannot save: oops"],
    ["EMFILE", "Transient", "cannot save: oops"],
    ["EWEIRD", "Permanent", "cannot save: oops"],
  ])("says of %s: %s, %j", (errno, code, message) => {
    const error = fileError(Object.assign(new Error("oops"), { code: errno }), "cannot save");
    expect(error).toMatchObject({ code, message });
  });

  it("leaves an ExecError as it is, and says something of anything else", () => {
    const known = new ExecError("Conflict", "taken");
    expect(fileError(known, "cannot save")).toBe(known);
    expect(fileError("text", "cannot save")).toMatchObject({
      code: "Permanent",
      message: "cannot save: text",
    });
  });
});
