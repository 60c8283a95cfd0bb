import { expect, test } from "vitest";
import { startError } from "./start-error.ts";

const attempt = { file: "/bin/sh", args: [], cwd: "/", env: {} };

test.each([
  ["ENOEXEC", "Permanent", false, 'neither a "#!" line nor a known binary format'],
  ["EAGAIN", "Transient", true, "this machine is out of resources (EAGAIN)"],
  ["EMFILE", "Transient", true, "this machine is out of resources (EMFILE)"],
  ["ENOENT", "NotFound", false, "the loader or a library it was built for is missing"],
  ["EACCES", "Permanent", false, '"/bin/sh" may not be executed: permission denied'],
  ["EIO", "Permanent", false, '"/bin/sh" could not be started: spawn EIO'],
])("%s becomes a %s error (retryable: %s) that says: %s", (code, kind, retryable, text) => {
  const cause = Object.assign(new Error(`spawn ${code}`), { code });
  const error = startError(attempt, cause);
  expect(error).toMatchObject({ code: kind, retryable, cause, message: expect.stringContaining(text) });
});
