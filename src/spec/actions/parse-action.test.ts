import { describe, expect, it } from "vitest";
import { dedent, listMistakes } from "../testing/list-mistakes.ts";
import { parseAction } from "./parse-action.ts";

function parse(content: string) {
  return parseAction({ path: "action.yml", content: dedent(content) });
}

function mistakes(content: string): string[] {
  return listMistakes(parse(content).diagnostics);
}

describe("an action.yml", () => {
  it("of a JavaScript action", () => {
    const { spec, diagnostics } = parse(`
      name: Cache
      description: Keeps things
      author: GitHub
      inputs:
        Path:
          description: what
          required: true
        token:
          default: \${{ github.token }}
        old:
          deprecationMessage: use path
          required: 'true'
      outputs:
        hit: {description: found}
      runs:
        using: node24
        main: dist/main.js
        pre: dist/pre.js
        pre-if: runner.os == 'Linux'
        post: dist/post.js
        post-if: success()
      branding: {icon: archive, color: gray-dark}
    `);
    expect(diagnostics).toEqual([]);
    expect(spec).toEqual({
      name: "Cache",
      description: "Keeps things",
      inputs: [
        { name: "Path", required: true },
        {
          name: "token",
          required: false,
          default: { kind: "expression", source: "github.token", at: { line: 9, column: 18 } },
        },
        { name: "old", required: true, deprecationMessage: "use path" },
      ],
      outputs: [{ name: "hit" }],
      runs: {
        using: "node24",
        main: "dist/main.js",
        pre: "dist/pre.js",
        preIf: { source: "runner.os == 'Linux'", at: { line: 19, column: 11 } },
        post: "dist/post.js",
        postIf: { source: "success()", at: { line: 21, column: 12 } },
      },
    });
  });

  it("of a docker action", () => {
    const { spec, diagnostics } = parse(`
      runs:
        using: Docker
        image: docker://alpine:3
        entrypoint: /go.sh
        args: [one, "\${{ inputs.who }}", 3]
        env: {A: "\${{ inputs.who }}"}
        pre-entrypoint: /before.sh
        post-entrypoint: /after.sh
        post-if: always()
    `);
    expect(diagnostics).toEqual([]);
    expect(spec?.runs).toMatchObject({
      using: "docker",
      image: "docker://alpine:3",
      entrypoint: "/go.sh",
      args: ["one", { source: "inputs.who" }, "3"],
      env: { entries: [{ key: "A", value: { source: "inputs.who" } }] },
      preEntrypoint: "/before.sh",
      postEntrypoint: "/after.sh",
      postIf: { source: "always()" },
    });
  });

  it("of a composite action", () => {
    const { spec, diagnostics } = parse(`
      inputs: {who: {default: 1.10}}
      outputs: {said: {value: "\${{ steps.say.outputs.text }}"}}
      runs:
        using: composite
        steps:
          - id: say
            run: echo \${{ inputs.who }}
            shell: bash
            working-directory: x
            if: inputs.who
            continue-on-error: true
            env: {A: b}
          - uses: ./other
            with: {Who: me}
    `);
    expect(diagnostics).toEqual([]);
    expect(spec).toMatchObject({
      inputs: [{ name: "who", default: "1.1" }],
      outputs: [{ name: "said", value: { source: "steps.say.outputs.text" } }],
      runs: {
        using: "composite",
        steps: [
          {
            kind: "run",
            id: "say",
            shell: "bash",
            if: { source: "success() && (inputs.who)" },
            continueOnError: true,
          },
          { kind: "uses", uses: "./other", with: { entries: [{ key: "Who", value: "me" }] } },
        ],
      },
    });
  });

  it.each(["node12", "node16", "node20", "node24", "NODE20"])("may say using: %s", (using) => {
    expect(parse(`runs: {using: ${using}, main: x.js}`).spec?.runs).toMatchObject({
      using: using.toLowerCase(),
    });
  });

  it.each([
    [
      "description: 1\nbranding: {icon: unheard-of}\nanything: [else]\nruns: {using: node20, main: a}",
      "what only the marketplace reads",
    ],
    [
      "inputs: {a: {required: sometimes, type: string}}\nruns: {using: node20, main: a}",
      "keys of inputs that the runner skips",
    ],
  ])("may have %j: %s", (content) => {
    expect(parse(content)).toMatchObject({ spec: { runs: { main: "a" } }, diagnostics: [] });
  });
});

describe("mistakes in an action.yml", () => {
  it.each([
    ["nothing that runs", "name: x", "1:1 missing-key: Required property is missing: runs"],
    [
      "an unknown using",
      "runs: {using: node18, main: a}",
      "1:15 unexpected-value: 'using: node18' is not supported (Expected one of: composite, docker, node12, node16, node20, node24)",
    ],
    [
      "a mistyped using",
      "runs: {using: composit, steps: []}",
      "1:15 unexpected-value: 'using: composit' is not supported (Did you mean 'composite'?)",
    ],
    ["no using", "runs: {main: a}", "1:7 missing-key: Required property is missing: using"],
    [
      "only using",
      "runs: {using: node20}",
      "1:7 missing-key: There's not enough info to determine what you meant. Add one of these properties: image, main, steps",
    ],
    [
      "the key of another kind",
      "runs: {using: node20, image: a}",
      "1:15 missing-key: An action with 'using: node20' needs 'main'",
    ],
    [
      "keys of two kinds",
      "runs: {using: node20, main: a, steps: []}",
      "1:32 unknown-key: Unexpected value 'steps' ('steps' cannot stand beside 'main')",
    ],
    [
      "no shell",
      "runs: {using: composite, steps: [{run: x}]}",
      "1:34 missing-key: Required property is missing: shell",
    ],
    [
      "a timeout inside",
      "runs: {using: composite, steps: [{run: x, shell: sh, timeout-minutes: 1}]}",
      "1:54 unknown-key: Unexpected value 'timeout-minutes'",
    ],
    [
      "secrets",
      "runs: {using: composite, steps: [{run: '${{ secrets.x }}', shell: sh}]}",
      "1:45 expression: The context 'secrets' is not available here",
    ],
    [
      "inputs in a default",
      "inputs: {a: {default: '${{ inputs.b }}'}}\nruns: {using: node20, main: a}",
      "1:28 expression: The context 'inputs' is not available here",
    ],
    [
      "the same id twice",
      "runs: {using: composite, steps: [{id: a, run: x, shell: sh}, {id: A, run: x, shell: sh}]}",
      "1:67 duplicate-id: ",
    ],
    [
      "a bad reference",
      "runs: {using: composite, steps: [{uses: checkout}]}",
      "1:41 bad-uses: 'checkout' names no action",
    ],
    [
      "a bad condition",
      "runs: {using: node20, main: a, post: b, post-if: sucess()}",
      "1:50 expression: There is no function 'sucess' (Did you mean 'success'?)",
    ],
    ["an input without a body", "inputs: {a: }\nruns: {using: node20, main: a}", "1:13 unexpected-value: "],
    ["no YAML", "runs: [", "1:8 yaml-syntax: "],
    ["an empty file", "", "1:1 empty-file: The file is empty"],
  ])("are named: %s", (_, content, mistake) => {
    const { spec } = parse(content);
    expect(spec).toBeUndefined();
    expect(mistakes(content)[0]?.slice(0, mistake.length)).toBe(mistake);
  });

  it.each([
    [
      "input: {a: {}}\nruns: {using: node20, main: a}",
      "1:1 unknown-key?: 'input' has no meaning in an action (Did you mean 'inputs'?)",
    ],
    [
      "inputs: {who: {}}\nruns: {using: composite, steps: [{run: '${{ inputs.whom }}', shell: sh}]}",
      "2:45 unknown-input?: There is no input 'whom': it is empty here (Did you mean 'who'?)",
    ],
    [
      "outputs: {o: {value: '${{ steps.a.outputs.o }}'}}\nruns: {using: composite, steps: [{id: b, run: x, shell: sh}]}",
      "1:27 unknown-step-reference?: There is no step with the id 'a': it is empty here (Known: b)",
    ],
  ])("are warned of where the runner bears them: %j", (content, mistake) => {
    expect(parse(content).spec).toBeDefined();
    expect(mistakes(content)).toEqual([mistake]);
  });
});
