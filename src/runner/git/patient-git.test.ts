import { describe, expect, it } from "vitest";
import type { Git, GitResult } from "./git.ts";
import { patientGit } from "./patient-git.ts";

const DOWN = "fatal: unable to access 'http://x/': Failed to connect to x port 80: Connection refused";
const signal = new AbortController().signal;

function scripted(answers: readonly (string | undefined)[]) {
  const calls: string[] = [];
  const waits: number[] = [];
  const lines: string[] = [];
  const git: Git = async (args): Promise<GitResult> => {
    const stderr = answers[calls.length];
    calls.push(args.join(" "));
    return { code: stderr === undefined ? 0 : 128, stdout: Buffer.alloc(0), stderr: stderr ?? "" };
  };
  const patient = patientGit(git, {
    log: (line) => lines.push(line),
    wait: async (ms) => {
      waits.push(ms);
    },
  });
  return { patient, calls, waits, lines };
}

describe("a patient git", () => {
  it("asks a server that is being restarted again, and says so", async () => {
    const { patient, waits, lines } = scripted([
      DOWN,
      "fatal: the remote end hung up unexpectedly",
      undefined,
    ]);
    expect((await patient(["fetch", "origin"], { signal })).code).toBe(0);
    expect(waits).toEqual([2_000, 8_000]);
    expect(lines[0]).toContain("trying again in 2 s");
  });

  it("gives up after the third time, with what git said", async () => {
    const { patient, calls } = scripted([DOWN, DOWN, DOWN, undefined]);
    expect(await patient(["ls-remote", "x"], { signal })).toMatchObject({ code: 128, stderr: DOWN });
    expect(calls).toHaveLength(3);
  });

  it.each([
    ["a repository that is not there", ["fetch"], "remote: Repository not found."],
    ["a wrong token", ["fetch"], "fatal: Authentication failed for 'http://x/'"],
    ["a host without a name", ["fetch"], "fatal: unable to access 'https://x/': Could not resolve host: x"],
    [
      "a certificate that is wrong",
      ["fetch"],
      "fatal: unable to access 'https://x/': SSL certificate problem: expired",
    ],
    ["a command on this machine", ["checkout"], DOWN],
    ["what went well", ["fetch"], undefined],
  ])("does not wait for %s", async (_, args, stderr) => {
    const { patient, calls, waits } = scripted([stderr]);
    await patient(args, { signal });
    expect([calls.length, waits]).toEqual([1, []]);
  });
});
