import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { stepScript } from "./step-script.ts";

function run(...commands: string[]): { status: number | null; output: string } {
  const script = stepScript(commands).map((segment) =>
    segment.kind === "text" ? segment.text : segment.source,
  );
  const { status, stdout } = spawnSync("sh", ["-e"], { input: script.join(""), encoding: "utf8" });
  return { status, output: stdout };
}

it("shows each command and runs it, and stops at the first that fails", () => {
  expect(run("echo one", "X=2; echo $X", "false", "echo never")).toEqual({
    status: 1,
    output: "+ echo one\none\n+ X=2; echo $X\n2\n+ false\n",
  });
});

it("runs all commands in one shell", () => {
  expect(run("cd /", "A=$(pwd)", "echo $A", "exit 7").output).toMatch("+ echo $A\n/\n+ exit 7\n");
  expect(run("exit 7").status).toBe(7);
});

it("shows any command as it is written", () => {
  const line = fc.string({
    unit: fc.constantFrom("'", '"', "\\", "$", "`", "%", "{", "}", "a", " ", "é", "\n", "!"),
  });
  fc.assert(
    fc.property(line, (text) => {
      // Behind `exit`, so that only showing it is run.
      const command = `exit 0\n${text}`.trimEnd();
      expect(run(command).output).toBe(`+ ${command}\n`);
    }),
    { numRuns: 50 },
  );
});
