import { describe, expect, it } from "vitest";
import { parseGitRequest } from "./git-request.ts";

const REFS = "info/refs?service=git-upload-pack";

describe("parseGitRequest", () => {
  it.each([
    ["GET", `/git/p1.git/${REFS}`, { kind: "advertise", project: "p1" }],
    ["GET", `/git/acme/shop.git/${REFS}`, { kind: "advertise", project: "acme/shop" }],
    ["GET", `/git/acme%2Fshop.git/${REFS}`, { kind: "advertise", project: "acme/shop" }],
    ["GET", `/git/a.git.git/${REFS}`, { kind: "advertise", project: "a.git" }],
    ["POST", "/git/p1.git/git-upload-pack", { kind: "upload-pack", project: "p1" }],
  ])("understands %s %s", (method, target, wanted) => {
    expect(parseGitRequest(method, target)).toEqual(wanted);
  });

  it.each([
    ["GET", "/git/p1.git/HEAD", 404],
    ["GET", "/git/p1.git/config", 404],
    ["GET", "/git/p1.git/objects/info/packs", 404],
    ["GET", "/git/p1.git/info/refs", 403],
    ["GET", "/git/p1.git/info/refs?service=git-receive-pack", 403],
    ["POST", "/git/p1.git/git-receive-pack", 403],
    ["GET", "/git/p1.git/../../../etc/passwd", 404],
    ["GET", `/git/../p1.git/${REFS}`, 404],
    ["GET", `/git/p1.git/x/${REFS}`, 404],
    ["GET", `/git/..%2f..%2fetc.git/${REFS}`, 404],
    ["GET", `/git/%2e%2e/p1.git/${REFS}`, 404],
    ["GET", `/git/...git/${REFS}`, 404],
    ["GET", `/git/a/b/c.git/${REFS}`, 404],
    ["GET", `/git/p1%00.git/${REFS}`, 404],
    ["GET", `/git/%zz.git/${REFS}`, 404],
    ["GET", "/git/p1.git", 404],
    ["GET", "/git/", 404],
    ["POST", `/git/p1.git/${REFS}`, 405],
    ["HEAD", `/git/p1.git/${REFS}`, 405],
    ["GET", "/git/p1.git/git-upload-pack", 405],
    ["DELETE", "/git/p1.git/git-upload-pack", 405],
  ])("refuses %s %s with %d and a reason", (method, target, status) => {
    expect(parseGitRequest(method, target)).toEqual({
      kind: "refused",
      status,
      reason: expect.stringMatching(/\.$/),
    });
  });

  it.each(["/", "/github", "/git", "/api/git/x.git/info/refs"])("leaves %s to others", (target) => {
    expect(parseGitRequest("GET", target)).toBeUndefined();
  });
});
