import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePlatform } from "./parse-platform.ts";

const FILE = ".platform.yaml";

/** `line:column code: message (hint)` of every diagnostic. */
function mistakesOf(content: string): string[] {
  const { spec, diagnostics } = parsePlatform({ path: FILE, content });
  expect(spec === undefined).toBe(diagnostics.some(({ severity }) => severity === "error"));
  for (const { file, line, column, endLine, endColumn } of diagnostics) {
    expect(file).toBe(FILE);
    expect(line).toBeGreaterThan(0);
    expect(endLine > line || (endLine === line && endColumn >= column)).toBe(true);
  }
  return diagnostics.map(({ line, column, code, message, hint }) => {
    return `${line}:${column} ${code}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  });
}

/** A file of one step, with these lines in it. */
function step(...lines: string[]): string {
  return ["pipeline:", "  steps:", "    - name: a", ...lines.map((line) => `      ${line}`)].join("\n");
}
const GOOD = step("image: alpine", "commands: [make]");

describe("mistakes in a .platform.yaml", () => {
  it("are none in the example", () => {
    const content = readFileSync(
      new URL("../../../examples/platform-site/.platform.yaml", import.meta.url),
      "utf8",
    );
    expect(mistakesOf(content)).toEqual([]);
  });

  const KEYS = "Known keys: on, pipeline, artifacts, workspace";
  const cases: [name: string, content: string, mistakes: string[]][] = [
    ["an empty file", "", ["1:1 empty-file: The file is empty"]],
    ["only comments", "# nothing\n", ["1:1 empty-file: The file is empty"]],
    ["a text", "hello", ["1:1 schema: The file must be a mapping, not a text"]],
    ["a sequence", "- a\n- b", ["1:1 schema: The file must be a mapping, not a sequence"]],
    [
      "no pipeline",
      "on: push",
      ["1:1 missing-key: The file has no pipeline (Add 'pipeline:' with its steps)"],
    ],
    ["an empty pipeline", "pipeline:", ["1:1 schema: The pipeline must be a mapping, not empty"]],
    [
      "no steps",
      "pipeline: {}",
      ["1:1 missing-key: The pipeline has no steps (Add 'steps:' with at least one step)"],
    ],
    [
      "a workspace of another kind",
      `workspace: pcv\n${GOOD}`,
      ["1:12 schema: workspace must be clone or pvc, not 'pcv' (Did you mean 'pvc'?)"],
    ],
    [
      "a workspace that is nothing like one",
      `workspace: everything\n${GOOD}`,
      [
        "1:12 schema: workspace must be clone or pvc, not 'everything' (clone: each step its own; pvc: one that all steps share)",
      ],
    ],
    [
      "a workspace of another type",
      `workspace: [pvc]\n${GOOD}`,
      ["1:12 schema: workspace must be a text, not a sequence"],
    ],
    ["zero steps", "pipeline:\n  steps: []", ["2:3 missing-key: The pipeline must have at least one step"]],
    [
      "steps of another type",
      "pipeline:\n  steps: {a: 1}",
      ["2:10 schema: The pipeline's steps must be a sequence, not a mapping"],
    ],
    [
      "a step of another type",
      "pipeline:\n  steps:\n    - make",
      ["3:7 schema: Step 1 must be a mapping, not a text"],
    ],
    ["an empty step", "pipeline:\n  steps:\n    -", ["2:3 schema: Step 1 must be a mapping, not empty"]],
    [
      "a step with nothing in it",
      "pipeline:\n  steps:\n    - {}",
      [
        "3:7 missing-key: Step 1 has no name (Add 'name:')",
        "3:7 missing-key: Step 'step 1' has no image (Add 'image:')",
        "3:7 missing-key: Step 'step 1' has no commands (Add 'commands:' with at least one shell command)",
      ],
    ],
    ["no image", step("commands: [x]"), ["3:7 missing-key: Step 'a' has no image (Add 'image:')"]],
    [
      "an empty image",
      step("image: ''", "commands: [x]"),
      ["4:14 schema: The image of step 'a' must not be empty"],
    ],
    [
      "an image of another type",
      step("image: [x]", "commands: [x]"),
      ["4:14 schema: The image of step 'a' must be a text, not a sequence"],
    ],
    [
      "no commands",
      step("image: i", "commands: []"),
      ["5:7 missing-key: Step 'a' has no commands (Add 'commands:' with at least one shell command)"],
    ],
    [
      "commands of another type",
      step("image: i", "commands: {a: b}"),
      ["5:17 schema: The commands of step 'a' must be a text, not a mapping"],
    ],
    [
      "an empty command",
      step("image: i", "commands:", "  - x", "  -"),
      ["6:9 schema: An item of the commands of step 'a' must be a text, not empty"],
    ],
    [
      "an unknown key",
      `${GOOD}\npipelin: 1\nzzz: 2`,
      [
        `6:1 unknown-key: There is no key 'pipelin' in the file (Did you mean 'pipeline'?)`,
        `7:1 unknown-key: There is no key 'zzz' in the file (${KEYS})`,
      ],
    ],
    [
      "an unknown key of a step",
      step("image: i", "commands: [x]", "comands: [y]"),
      ["6:7 unknown-key: There is no key 'comands' in step 1 (Did you mean 'commands'?)"],
    ],
    [
      "a bad variable name",
      step("image: i", "commands: [x]", "environment: {a-b: 1, OK: [1]}"),
      [
        "6:21 schema: 'a-b' is no name for an environment variable (Letters, digits and '_', not beginning with a digit)",
        "6:33 schema: The environment variable 'OK' must be a text, not a sequence",
      ],
    ],
    [
      "environment of another type",
      step("image: i", "commands: [x]", "environment: [A=1]"),
      ["6:20 schema: The environment of step 'a' must be a mapping, not a sequence"],
    ],
    [
      "an unknown variable in an image",
      step("image: x:$COMMIT_SAH", "commands: [x]"),
      ["4:14 unknown-variable: There is no variable 'COMMIT_SAH' for an image (Did you mean 'COMMIT_SHA'?)"],
    ],
    [
      "a name over two lines",
      step("image: i", "commands: [x]").replace("name: a", 'name: "a\\nb"'),
      ["3:13 schema: The name of step 1 must be one line of at most 200 characters"],
    ],
  ];
  it.each(cases)("%s", (_name, content, mistakes) => {
    expect(mistakesOf(content)).toEqual(mistakes);
  });

  const graphs: [name: string, steps: string[], mistakes: string[]][] = [
    [
      "two steps of one name",
      ["name: a", "name: a", "name: a"],
      [
        "4:14 duplicate-id: There are two steps named 'a'",
        "5:14 duplicate-id: There are two steps named 'a'",
      ],
    ],
    [
      "an unknown need",
      ["name: build", "name: b, depends_on: [biuld]"],
      ["4:30 unknown-needs: depends_on of step 'b': there is no step 'biuld' (Did you mean 'build'?)"],
    ],
    [
      "an unknown need like none",
      ["name: a", "name: b, depends_on: [zzzz]"],
      ["4:30 unknown-needs: depends_on of step 'b': there is no step 'zzzz' (Steps: a, b)"],
    ],
    [
      "a step that waits for itself",
      ["name: a, depends_on: a"],
      ["3:29 cycle: These steps wait for each other: a → a"],
    ],
    [
      "a cycle",
      ["name: a, depends_on: [c]", "name: b, depends_on: [a]", "name: c, depends_on: [b]"],
      ["3:30 cycle: These steps wait for each other: a → c → b → a"],
    ],
    [
      "a cycle through the order of definition",
      ["name: a, depends_on: [b]", "name: b"],
      [
        "3:30 cycle: These steps wait for each other: a → b → a (A step without depends_on waits for the step before it; 'depends_on: []' waits for none)",
      ],
    ],
  ];
  it.each(graphs)("%s", (_name, steps, mistakes) => {
    const lines = steps.map((fields) => `    - {${fields}, image: i, commands: [x]}`);
    expect(mistakesOf(["pipeline:", "  steps:", ...lines].join("\n"))).toEqual(mistakes);
  });

  const artifacts: [name: string, fields: string, mistakes: string[]][] = [
    [
      "nothing",
      "",
      [
        "6:13 missing-key: Artifact 1 has no name (Add 'name:')",
        "6:13 missing-key: Artifact 1 has no path (Add 'path:')",
      ],
    ],
    [
      "a bad expiry",
      "name: x, path: y, expires: sometime",
      [
        "6:41 schema: 'sometime' is no time for expires (A number and one of s, m, h, d, w: '7d' keeps it for seven days)",
      ],
    ],
    [
      "no expiry at all",
      "name: x, path: y, expires: 0d",
      [
        "6:41 schema: '0d' is no time for expires (A number and one of s, m, h, d, w: '7d' keeps it for seven days)",
      ],
    ],
    [
      "an absolute path",
      "name: x, path: /etc",
      [
        "6:29 schema: The path '/etc' leaves the workspace (Paths of artifacts are relative to the root of the repository)",
      ],
    ],
    [
      "a path upwards",
      "name: x, path: a/../../b",
      [
        "6:29 schema: The path 'a/../../b' leaves the workspace (Paths of artifacts are relative to the root of the repository)",
      ],
    ],
    ["an empty path", "name: x, path: ''", ["6:29 schema: The path of an artifact must not be empty"]],
    [
      "a name with a slash",
      "name: x/y, path: y",
      ['6:20 schema: The name of an artifact must not contain "/"'],
    ],
    ["a name of dots", "name: .., path: y", ["6:20 schema: '..' is no name for an artifact"]],
    [
      "two of one name",
      "name: x, path: y}, {name: X, path: z",
      ["6:40 duplicate-id: There are two artifacts named 'X'"],
    ],
    [
      "an unknown key",
      "name: x, path: y, expire: 7d",
      ["6:32 unknown-key: There is no key 'expire' in artifact 1 (Did you mean 'expires'?)"],
    ],
  ];
  it.each(artifacts)("an artifact with %s", (_name, fields, mistakes) => {
    expect(mistakesOf(`${GOOD}\nartifacts: [{${fields}}]`)).toEqual(mistakes);
  });

  const triggers: [on: string, mistakes: string[]][] = [
    [
      "on: 3",
      ["1:5 unknown-event: '3' cannot start a pipeline like this (Known events: push, mr, schedule)"],
    ],
    ["on: [pusch]", ["1:6 unknown-event: 'pusch' cannot start a pipeline like this (Did you mean 'push'?)"]],
    [
      "on: schedule",
      [
        "1:5 unknown-event: 'schedule' cannot start a pipeline like this (schedule needs its cron lines: 'schedule: [{cron: …}]')",
      ],
    ],
    [
      "on: {pull_request: {}}",
      ["1:6 unknown-key: There is no key 'pull_request' in on (Known keys: push, mr, schedule)"],
    ],
    [
      "on: {push: {branch: main}}",
      ["1:13 unknown-key: There is no key 'branch' in push (Did you mean 'branches'?)"],
    ],
    [
      "on: {push: {branches: ['v[']}}",
      ["1:24 pattern: The pattern 'v[' is malformed: a '[' is never closed by ']'"],
    ],
    [
      "on: {push: {branches: ['!a']}}",
      [
        "1:13 schema: The branches of push only take out, and let nothing in (Begin with a pattern without '!', such as '**')",
      ],
    ],
    [
      "on: {mr: {actions: [update]}}",
      ["1:21 schema: There is no action 'update' of mr (Did you mean 'updated'?)"],
    ],
    ["on: {schedule: []}", ["1:6 schema: schedule has no cron line (Add '- cron: \"0 5 * * *\"')"]],
    ["on: {schedule: [{}]}", ["1:17 missing-key: A schedule has no cron (Add 'cron: \"0 5 * * *\"')"]],
    ["on: {schedule: [{cron: '0 25 * * *'}]}", ["1:24 cron: '0 25 * * *': '25' is no hour (0 to 23)"]],
    [
      "on: {schedule: [{cron: '* * * * *'}]}",
      ["1:24 cron: '* * * * *' runs more often than every 5 minutes"],
    ],
    [
      "on: {schedule: [{cron: '0 5 * * *', timezone: Mars}]}",
      ["1:47 schema: There is no time zone 'Mars' (Use an IANA name, such as Europe/Berlin)"],
    ],
    ["on: {schedule: '0 5 * * *'}", ["1:16 schema: schedule must be a sequence, not a text"]],
  ];
  it.each(triggers)("%s", (on, mistakes) => {
    expect(mistakesOf(`${on}\n${GOOD}`)).toEqual(mistakes);
  });

  const AVAILABLE = "Available: env, github, secrets, vars";
  const expressions: [line: string, mistakes: string[]][] = [
    [
      "commands: ['echo ${{ needs.a.result }}']",
      [`5:28 expression: The context 'needs' is not available here (${AVAILABLE})`],
    ],
    [
      "commands: ['${{ a }} ${{ secrets. }}']",
      ["5:23 expression: There is no context 'a'", "5:39 expression: Unexpected end of expression: '.'"],
    ],
    [
      "commands: ['${{ hashFiles(''x'') }}']",
      ["5:23 expression: The function 'hashFiles' is not available here"],
    ],
    ["commands: ['${{ }}']", ["5:19 expression: An expression is expected"]],
    ["commands: ['${{ secrets.A']", ["5:19 expression: The expression is not closed (Close it with '}}')"]],
    [
      "environment: {A: '${{ matrix.x }}'}",
      [`5:29 expression: The context 'matrix' is not available here (${AVAILABLE})`],
    ],
  ];
  it.each(expressions)("%s", (line, mistakes) => {
    const rest = line.startsWith("commands") ? [] : ["commands: [x]"];
    const found = mistakesOf(step("image: i", line, ...rest));
    expect(found).toHaveLength(mistakes.length);
    mistakes.forEach((mistake, index) => {
      expect(found[index]).toContain(mistake);
    });
  });

  it("an image that needs what does not exist yet", () => {
    expect(mistakesOf(step("image: x:${{ env.TAG }}", "commands: [x]"))).toEqual([
      "4:20 expression: The context 'env' is not available here (Available: github, secrets, vars)",
    ]);
  });

  it("expressions over lines are found where they stand", () => {
    const content = step(
      "image: i",
      "commands:",
      "  - |",
      "    echo one",
      "    echo ${{ vars.A }} ${{ nope }}",
    );
    expect(mistakesOf(content)).toEqual([
      expect.stringMatching(/^8:34 expression: There is no context 'nope'/),
    ]);
  });

  it("commands too long for an expression", () => {
    const long = `echo ${"x".repeat(11_000)}`;
    expect(mistakesOf(step("image: i", `commands: ["${long}"]`))).toEqual([]);
    expect(mistakesOf(step("image: i", `commands: ["${long} \${{ vars.A }}"]`))).toEqual([
      expect.stringContaining("The commands of step 'a' are too long to hold expressions"),
    ]);
  });

  it("broken YAML, with its place", () => {
    expect(mistakesOf("pipeline:\n\tsteps: []")[0]).toMatch(
      /^2:1 yaml-syntax: .*\(YAML is indented with spaces/,
    );
    expect(mistakesOf("pipeline: [")[0]).toMatch(/^1:\d+ yaml-syntax: /);
    expect(mistakesOf(`${GOOD}\n---\nb: 2`)[0]).toMatch("yaml-syntax");
    expect(mistakesOf(`${GOOD}\npipeline: {}`)).toEqual([
      "6:1 duplicate-key: The key 'pipeline' stands twice in the file",
    ]);
  });

  it("are all told at once, in the order of the file", () => {
    const content = `
on: {push: {branches: ['[']}}
pipeline:
  steps:
    - name: a
      commands: ['\${{ nope }}']
    - name: a
      image: $WHAT
      comands: []
      depends_on: [zz]
artifacts:
  - {name: x, path: ../y, expires: 7x}
extra: 1
`;
    const codes = mistakesOf(content).map((mistake) =>
      mistake.split(":").slice(0, 2).join(":").replace(/:\d+ /, " "),
    );
    expect(codes).toEqual([
      "2 pattern",
      "5 missing-key",
      "6 expression",
      "7 missing-key",
      "7 duplicate-id",
      "8 unknown-variable",
      "9 unknown-key",
      "12 schema",
      "12 schema",
      "13 unknown-key",
    ]);
  });
});

describe("hostile files", () => {
  it("a bomb of aliases is refused quickly", () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) =>
        `x${i}: &x${i} [${Array(9)
          .fill(i === 0 ? "a" : `*x${i - 1}`)
          .join(", ")}]`,
    );
    const { diagnostics } = parsePlatform({
      path: FILE,
      content: [...levels, "pipeline: {steps: *x29}"].join("\n"),
    });
    expect(diagnostics.length).toBeGreaterThan(0);
  });

  it("a file beyond 1 MiB is refused", () => {
    expect(mistakesOf(`# ${"x".repeat(1024 * 1024)}`)).toEqual([
      "1:1 file-too-large: The file has more than 1048576 characters",
    ]);
  });

  it("a file of deep nesting is refused", () => {
    const content = `pipeline: ${"[".repeat(20_000)}`;
    const { spec, diagnostics } = parsePlatform({ path: FILE, content });
    expect(spec).toBeUndefined();
    expect(diagnostics.length).toBeGreaterThan(0);
  });

  it("any text gives a spec or diagnostics", () => {
    const words =
      "on: pipeline: steps: - name: image: commands: [x] {a: b} depends_on: artifacts: path: ${{ }} *a &a ' \" | # \t \n \n\n  \n    ";
    const piece = fc.constantFrom(...words.split(" "), "  ", "\n", "\n  ", "\n    - ");
    const mutated = fc
      .tuple(fc.nat(GOOD.length), fc.nat(5), fc.string({ maxLength: 4 }))
      .map(([at, length, text]) => GOOD.slice(0, at) + text + GOOD.slice(at + length));
    const text = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
      mutated,
      fc.string(),
    );
    fc.assert(
      fc.property(text, (content) => {
        mistakesOf(content);
      }),
      { numRuns: 1_000 },
    );
  });
});
