import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MatcherRegistry } from "./matcher-registry.ts";
import { StepLogHarness } from "./step-log.fixture.ts";
import type { StepLogOptions } from "./step-log.ts";

const UNSECURE = { env: { ACTIONS_ALLOW_UNSECURE_COMMANDS: "true" } };
const DISABLED =
  "environment variable to `true`. For more information see: https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/";

async function run(lines: string | string[], overrides: Partial<StepLogOptions> = {}) {
  const harness = new StepLogHarness(overrides);
  const text = await harness.show(`${[lines].flat().join("\n")}\n`);
  const { effects, annotations, frames } = harness;
  return { lines: text.split("\n").slice(0, -1), effects, annotations, frames };
}

describe("what the log shows of a command, and what it does", () => {
  test.each<[string, string, string[], string[][]]>([
    ["a group", "::group::Build all", ["##[group]Build all"], []],
    ["the end of a group", "::endgroup::ignored", ["##[endgroup]"], []],
    ["a debug message, where debug is off", "::debug::x", [], []],
    ["an error", "::error::It broke", ["##[error]It broke"], []],
    ["a warning", "::warning::Beware", ["##[warning]Beware"], []],
    ["a notice", "::notice::By the way", ["##[notice]By the way"], []],
    ["the older form", "##[warning]Beware", ["##[warning]Beware"], []],
    ["a message of two lines", "::error::one%0Atwo", ["##[error]one", "two"], []],
    ["an empty message", "::error::", [], []],
    ["an unknown command", "::frobnicate::x", ["::frobnicate::x"], []],
    ["a mask", "::add-mask::sesame", [], []],
    ["echo", "::echo::off", [], []],
  ])("%s", async (_, line, shown, effects) => {
    const result = await run(["before", line, "after"]);
    expect(result).toMatchObject({ lines: ["before", ...shown, "after"], effects });
  });

  test.each<[string, string[]]>([
    ["::set-output name=out::a%0Ab", ["setOutput", "out", "a\nb"]],
    ["::save-state name=st::v", ["saveState", "st", "v"]],
    ["::set-output name=out::", ["setOutput", "out", ""]],
  ])("%s is obeyed, with a warning the first time in a step", async (line, effect) => {
    const { lines, effects, annotations } = await run([line, line]);
    expect(effects).toEqual([effect, effect]);
    expect(lines).toEqual([
      expect.stringMatching(/^##\[warning\]The `.*` command is deprecated and will be disabled soon/),
    ]);
    expect(annotations).toEqual([{ level: "warning", message: lines[0]?.slice("##[warning]".length) }]);
  });

  test.each(["set-env name=A::1", "add-path::/x"])(
    "%s is refused where unsecure commands are not allowed",
    async (command) => {
      const line = `::${command}`;
      const { lines, effects } = await run(line);
      expect(lines[0]).toBe(`##[error]Unable to process command '${line}' successfully.`);
      expect(lines[1]).toContain(`##[error]The \`${command.split(/[ :]/)[0]}\` command is disabled.`);
      expect(lines[1]).toContain(DISABLED);
      expect(effects).toEqual([["commandFailed"]]);
    },
  );

  test.each(["true", "TRUE", " True "])(
    "they are obeyed where ACTIONS_ALLOW_UNSECURE_COMMANDS is %j",
    async (value) => {
      const env = { ACTIONS_ALLOW_UNSECURE_COMMANDS: value };
      const { lines, effects } = await run(["::set-env name=A::1%252", "::add-path::/x y"], { env });
      expect({ lines, effects }).toEqual({
        lines: [],
        effects: [
          ["setEnv", "A", "1%2"],
          ["addPath", "/x y"],
        ],
      });
    },
  );

  test.each(["1", "yes", "false", ""])("and not where it is %j", async (value) => {
    const { effects } = await run("::set-env name=A::1", { env: { ACTIONS_ALLOW_UNSECURE_COMMANDS: value } });
    expect(effects).toEqual([["commandFailed"]]);
  });

  test("set-env does not set NODE_OPTIONS", async () => {
    const { lines, effects } = await run("::set-env name=Node_Options::--x", UNSECURE);
    expect(lines).toEqual([
      "##[error]Can't update NODE_OPTIONS environment variable using ::set-env:: command.",
    ]);
    expect(effects).toEqual([]);
  });

  test.each([
    ["::set-env::x", "Required field 'name' is missing in ##[set-env] command."],
    ["::set-output::x", "Required field 'name' is missing in ##[set-output] command."],
    ["::save-state name=::x", "Required field 'name' is missing in ##[save-state] command."],
    ["::add-path::", "Value cannot be empty. (Parameter 'path')"],
    ["::echo::", "Value cannot be empty. (Parameter 'value')"],
    [
      "::echo::maybe",
      "Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: 'maybe'.",
    ],
    ["::add-matcher::no/such.json", "Could not find file '/work space/no/such.json'."],
    ["::remove-matcher::no/such.json", "Could not find file '/work space/no/such.json'."],
  ])("%s fails the step: %s", async (line, message) => {
    const { lines, effects, annotations } = await run(line, UNSECURE);
    expect(lines.slice(-2)).toEqual([
      `##[error]Unable to process command '${line}' successfully.`,
      `##[error]${message}`,
    ]);
    expect(annotations.at(-1)).toEqual({ level: "error", message });
    expect(effects).toEqual([["commandFailed"]]);
  });
});

describe("annotations", () => {
  test("have the place, the title and the message", async () => {
    const { annotations } = await run(
      "::warning file=src/a.js,line=1,endLine=1,col=2,endColumn=3,title=Bad%2C bad::Look%3A here",
    );
    expect(annotations).toEqual([
      {
        ...{ level: "warning", file: "src/a.js", line: 1, endLine: 1, column: 2, endColumn: 3 },
        ...{ title: "Bad, bad", message: "Look%3A here" },
      },
    ]);
  });

  test.each([
    ["/work space/src/a.js", "src/a.js"],
    ["/work spaces/a.js", "/work spaces/a.js"],
    ["/etc/passwd", "/etc/passwd"],
    ["./a.js", "./a.js"],
    ["/work space", "/work space"],
  ])("file %s is shown as %s", async (file, shown) => {
    expect((await run(`::error file=${file}::x`)).annotations).toMatchObject([{ file: shown }]);
  });

  test("an impossible place is left out, and debug says why", async () => {
    const { annotations, lines } = await run("::error line=3,endLine=1::x", { debug: true });
    expect(annotations).toEqual([{ level: "error", message: "x" }]);
    expect(lines).toEqual([
      "##[debug]Invalid error command value. 'endLine' cannot be less than 'line'.",
      "##[error]x",
    ]);
  });

  test("are masked, and cut at 4096 characters", async () => {
    const harness = new StepLogHarness();
    harness.masker.add("sesame");
    await harness.show(`::error file=sesame.js,title=sesame::sesame ${"x".repeat(5000)}\n`);
    expect(harness.annotations).toEqual([
      { level: "error", file: "***.js", title: "***", message: `*** ${"x".repeat(4092)}` },
    ]);
    expect(harness.text).toBe(`##[error]*** ${"x".repeat(4092)}\n`);
  });

  test("of a level are at most a thousand a step; the log has all", async () => {
    const { annotations, lines } = await run(Array.from({ length: 1_005 }, (_, i) => `::notice::n${i}`));
    expect([annotations.length, lines.length]).toEqual([1_000, 1_005]);
  });
});

describe("debug", () => {
  test("messages are shown line by line where debug is on", async () => {
    expect((await run("::debug::one%0D%0Atwo", { debug: true })).lines).toEqual([
      "##[debug]one",
      "##[debug]two",
    ]);
  });
});

describe("echo", () => {
  test("on shows commands before they are obeyed, but not those with messages", async () => {
    const { lines } = await run([
      "::echo::ON",
      "::group::g",
      "::warning::w",
      "::add-mask::sesame",
      "::echo:: off ",
      "::group::h",
    ]);
    expect(lines).toEqual([
      "::group::g",
      "##[group]g",
      "##[warning]w",
      "::add-mask::***",
      "::echo:: off ",
      "##[group]h",
    ]);
  });

  test("is on from the beginning where debug is on", async () => {
    expect((await run("::group::g", { debug: true })).lines).toEqual(["::group::g", "##[group]g"]);
  });
});

describe("add-mask", () => {
  test("hides the value from then on, in all places, and says so in a frame of its own", async () => {
    const { lines, frames } = await run([
      "open sesame",
      "::add-mask::sesame",
      "open sesame",
      "::error::sesame",
    ]);
    expect(lines).toEqual(["open sesame", "open ***", "##[error]***"]);
    expect(frames).toContainEqual({ type: "mask", value: "sesame" });
  });

  test("hides each line of a value of many", async () => {
    const { lines } = await run(["::add-mask::first line%0D%0Asecond line", "x second line", "first line y"]);
    expect(lines).toEqual(["x ***", "*** y"]);
  });

  test.each(["::add-mask::", "::add-mask::  ", "::add-mask::%0A"])(
    "%j hides nothing and warns",
    async (line) => {
      const { lines, effects } = await run([line, "a b"]);
      expect(lines).toEqual([
        "##[warning]Can't add secret mask for empty string in ##[add-mask] command.",
        "a b",
      ]);
      expect(effects).toEqual([]);
    },
  );

  test("of more than 1 MiB is not obeyed, and not shown either", async () => {
    const secret = "s3cret".repeat(200_000);
    const harness = new StepLogHarness();
    const pieces = `before\n::add-mask::${secret}\nafter\n`.match(/[\s\S]{1,65536}/g) ?? [];
    const text = await harness.show(...pieces);
    expect(text).toBe(
      "before\n##[error]An add-mask command of more than 1 MiB was not obeyed and its line is not shown: the value may appear in the log.\nafter\n",
    );
    expect(harness.effects).toEqual([["commandFailed"]]);
    expect(await new StepLogHarness().show(`::add-mask::${secret}\n`)).not.toContain("s3cret");
  });
});

describe("stop-commands", () => {
  test("nothing is obeyed until the token comes", async () => {
    const { lines } = await run([
      "::stop-commands::tok",
      "::warning::no",
      "##[group]no",
      "::TOK::",
      "::warning::yes",
    ]);
    expect(lines).toEqual([
      "::stop-commands::tok",
      "::warning::no",
      "##[group]no",
      "::TOK::",
      "##[warning]yes",
    ]);
  });

  test("the token may come in the older form", async () => {
    expect((await run(["##[stop-commands]tok", "::debug::x", "##[tok]", "::debug::y"])).lines).toEqual([
      "##[stop-commands]tok",
      "::debug::x",
      "##[tok]",
    ]);
  });

  test("a token of more than six characters is a secret of the job", async () => {
    const { lines, frames } = await run(["::stop-commands::randomToken", "::warning::no", "::randomToken::"]);
    expect(lines).toEqual(["::stop-commands::***", "::warning::no", "::***::"]);
    expect(frames).toContainEqual({ type: "mask", value: "randomToken" });
  });

  test("where debug is on it says what is going on", async () => {
    const { lines } = await run(["::stop-commands::tok", "::warning::no", "::tok::"], { debug: true });
    expect(lines).toEqual([
      "::stop-commands::tok",
      "##[debug]Paused processing commands until the token you called ::stopCommands:: with is received",
      "##[debug]Process commands has been stopped and waiting for '##[tok]' to resume.",
      "::warning::no",
      "::tok::",
      "##[debug]Resume processing commands",
    ]);
  });

  test.each(["", "set-env", "Warning", "stop-commands", "pause-logging", "PAUSE-logging"])(
    "the token %j is refused, and fails the step",
    async (token) => {
      const { lines, effects } = await run([`::stop-commands::${token}`, "::warning::yes"]);
      expect(lines[0]).toBe(`##[error]Unable to process command '::stop-commands::${token}' successfully.`);
      expect(lines[1]).toMatch(/^##\[error\]You cannot use a endToken that is an empty string/);
      expect(lines[2]).toBe("##[warning]yes");
      expect(effects).toEqual([["commandFailed"]]);
    },
  );

  test.each(["true", "1"])("unless ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS is %s", async (value) => {
    const env = { ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS: value };
    const { lines } = await run(["::stop-commands::debug", "::warning::no", "::debug::", "::warning::yes"], {
      env,
    });
    expect(lines).toEqual(["::stop-commands::debug", "::warning::no", "::debug::", "##[warning]yes"]);
  });
});

describe("problem matchers", () => {
  let directory: string;
  const file = (name: string, ...problemMatcher: object[]) => {
    writeFileSync(join(directory, name), JSON.stringify({ problemMatcher }));
    return name;
  };
  const matcher = (owner: string, regexp: string) => ({ owner, pattern: [{ regexp, message: 1 }] });
  const place = () => ({
    repository: { workspace: directory, repository: "octo/cat", serverUrl: "https://github.com" },
  });

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "matchers-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("are added and removed by file and by owner", async () => {
    const ab = file("ab.json", matcher("a", "^A: (.+)$"), matcher("b", "^B: (.+)$"));
    const a = file("a.json", matcher("A", "^AA: (.+)$"));
    const { annotations, lines } = await run(
      [
        "A: not yet",
        `::add-matcher::${ab}`,
        "A: 1",
        "B: 2",
        `##[add-matcher]${join(directory, a)}`,
        "A: replaced",
        "AA: 3",
        "::remove-matcher owner=B::",
        "B: no more",
        `::remove-matcher::${a}`,
        "AA: no more",
      ],
      place(),
    );
    expect(annotations.map((annotation) => annotation.message)).toEqual(["1", "2", "3"]);
    expect(lines).toEqual([
      "A: not yet",
      "##[error]A: 1",
      "##[error]B: 2",
      "A: replaced",
      "##[error]AA: 3",
      "B: no more",
      "AA: no more",
    ]);
  });

  test("stay for the steps after", async () => {
    const matchers = new MatcherRegistry();
    await run(`::add-matcher::${file("x.json", matcher("x", "^X: (.+)$"))}`, { ...place(), matchers });
    expect((await run("X: found", { matchers })).annotations).toEqual([{ level: "error", message: "found" }]);
  });

  test.each([
    ["::add-matcher::", "File path must be specified."],
    [
      "::remove-matcher::",
      "Either an owner name or a file path must be specified in ##[remove-matcher] command.",
    ],
    [
      "::remove-matcher owner=a::b.json",
      "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.",
    ],
  ])("%s only warns", async (line, message) => {
    expect(await run(line)).toMatchObject({ lines: [`##[warning]${message}`], effects: [] });
  });

  test("a broken file fails the step and is named", async () => {
    writeFileSync(join(directory, "broken.json"), "{ nope");
    const { lines, effects } = await run("::add-matcher::broken.json", place());
    expect(lines[1]).toMatch(/^##\[error\]The problem matcher file '.*broken\.json': .*JSON/);
    expect(effects).toEqual([["commandFailed"]]);
  });
});
