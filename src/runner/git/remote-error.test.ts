import { describe, expect, it } from "vitest";
import { remoteError, remoteProblem, withoutPassword } from "./remote-error.ts";

// What git 2.3x to 2.5x and their servers say, with LC_ALL=C.
const SAID: readonly [stderr: string, problem: string][] = [
  ["fatal: could not read Username for 'https://github.com': terminal prompts disabled", "auth-needed"],
  [
    "remote: Invalid username or token.\nfatal: Authentication failed for 'https://github.com/a/b/'",
    "auth-needed",
  ],
  [
    "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    "auth-needed",
  ],
  ["fatal: unable to access 'https://x/': The requested URL returned error: 403", "auth-needed"],
  [
    "remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found",
    "unknown-repository",
  ],
  [
    "fatal: '/x/a/b' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    "unknown-repository",
  ],
  ["fatal: unable to access 'https://x.test/': Could not resolve host: x.test", "unreachable"],
  [
    "fatal: unable to access 'http://127.0.0.1:9/': Failed to connect to 127.0.0.1 port 9: Connection refused",
    "unreachable",
  ],
  ["fatal: unable to access 'https://x/': The requested URL returned error: 503", "unreachable"],
  ["error: RPC failed; curl 56 GnuTLS recv error\nfatal: the remote end hung up unexpectedly", "unreachable"],
  ["error: Server does not allow request for unadvertised object 1234", "refused"],
  ["fatal: remote error: upload-pack: not our ref 1234", "refused"],
  ["fatal: dumb http transport does not support shallow capabilities", "other"],
  ["", "other"],
];

describe("remoteProblem", () => {
  it.each(SAID)("reads %j as %s", (stderr, problem) => {
    expect(remoteProblem(stderr)).toBe(problem);
  });
});

describe("remoteError", () => {
  it("never shows a password, neither the address's nor one that git repeats", () => {
    const { message } = remoteError(
      "a/b",
      "https://u:pass@x.test/a/b",
      "fatal: unable to access 'https://u:pass@x.test/a/b/': x",
    );
    expect(message).not.toContain("pass");
    expect(message).toContain("https://x.test/a/b");
    expect(withoutPassword("ssh://git@x.test/a")).toBe("ssh://x.test/a");
  });
});
