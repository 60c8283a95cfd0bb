import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import type { JobRequest } from "./job-request.ts";
import { parseJobRequest } from "./parse-job-request.ts";
import { encodeRunnerCommand, parseRunnerCommand, type RunnerCommand } from "./runner-command.ts";

const REQUEST: JobRequest = {
  protocolVersion: 1,
  buildId: "b",
  jobKey: "j",
  jobId: "j",
  displayName: "j",
  attempt: 1,
  contexts: {
    github: {},
    vars: {},
    needs: {},
    strategy: {},
    matrix: null,
    inputs: {},
    secrets: { S: "hush-hush" },
  },
  env: [],
  defaults: [],
  steps: [],
  cancelTimeoutMs: 300_000,
  masks: [],
  baseEnv: { PATH: "/bin" },
  directories: { workspace: "/w", temp: "/t", toolCache: "/c", actionCache: "/a" },
  runner: { name: "r", os: "Linux", arch: "X64", environment: "self-hosted", nodePath: "/node" },
  actions: { url: "https://github.com", local: {}, offline: false },
  checkout: {
    builtin: true,
    repository: "o/r",
    serverUrl: "https://github.com",
    source: { kind: "worktree", path: "/s" },
    bound: false,
  },
  debug: false,
};

function problemOf(value: unknown): string {
  try {
    parseJobRequest(typeof value === "string" ? value : JSON.stringify(value));
  } catch (error) {
    if (error instanceof ExecError && error.code === "InvalidSpec") return error.message;
    throw error;
  }
  return "";
}

describe("parseJobRequest", () => {
  it("brings a request back as it was", () => {
    expect(parseJobRequest(JSON.stringify(REQUEST))).toEqual(REQUEST);
  });

  it.each([
    ["what is not JSON", "{", /is not JSON \(1 characters\)/],
    ["what is no object", "[]", /is not a JSON object/],
    [
      "another version",
      { ...REQUEST, protocolVersion: 2 },
      /speaks protocol version 2, this runner version 1/,
    ],
    ["no version", { ...REQUEST, protocolVersion: undefined }, /version \(none\)/],
    ["a missing field", { ...REQUEST, steps: undefined }, /`steps` is missing/],
    ["a wrong type", { ...REQUEST, debug: "yes" }, /`debug` is not true or false/],
    ["a wrong inner type", { ...REQUEST, baseEnv: { A: 1 } }, /`baseEnv` is not an object of strings/],
    [
      "a missing inner field",
      { ...REQUEST, directories: { temp: "/t" } },
      /`directories.workspace` is missing/,
    ],
    ["an inner thing that is no object", { ...REQUEST, runner: [] }, /`runner` is not an object/],
    ["a negative limit", { ...REQUEST, cancelTimeoutMs: -1 }, /`cancelTimeoutMs` is not a number/],
  ])("refuses %s and says so", (_, value, message) => {
    expect(problemOf(value)).toMatch(message);
  });

  it("says all that is wrong at once", () => {
    expect(problemOf({ protocolVersion: 1 })).toMatch(
      /`buildId` is missing.*`steps` is missing.*`debug` is missing/,
    );
  });

  it("never repeats a value in its message", () => {
    expect(problemOf({ ...REQUEST, masks: "hush-hush", contexts: "hush-hush" })).not.toContain("hush-hush");
  });
});

describe("runner commands", () => {
  const commands: RunnerCommand[] = [{ type: "cancel", reason: "Ctrl-C\n" }, { type: "kill" }];
  it.each(commands)("brings %j back as it was, on one line", (command) => {
    const line = encodeRunnerCommand(command);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(parseRunnerCommand(line)).toEqual(command);
  });

  it("gives a cancel without a reason an empty one", () => {
    expect(parseRunnerCommand('{"type":"cancel"}')).toEqual({ type: "cancel", reason: "" });
  });

  it("ignores any other line", () => {
    for (const line of ["", "x", "null", "1", "[]", "{}", '{"type":"dance"}'])
      expect(parseRunnerCommand(line)).toBeUndefined();
    fc.assert(fc.property(fc.json(), (line) => parseRunnerCommand(line) === undefined));
  });
});
