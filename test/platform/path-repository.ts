// The pipelines that the tests of the whole path run.
const cacheClient = import.meta.resolve("@actions/cache");

const on = (...lines: string[]) => ["on:", "  workflow_dispatch:", ...lines].join("\n");
const workflow = (name: string, jobs: string, head = on()) => `name: ${name}\n${head}\njobs:\n${jobs}`;

export const FILES: Readonly<Record<string, string>> = {
  "version.txt": "one\n",
  ".workflows/whole.yml": workflow(
    "whole",
    `  plan:
    runs-on: ubuntu-latest
    outputs:
      legs: \${{ steps.legs.outputs.legs }}
    steps:
      - uses: actions/checkout@v4
      - run: echo "version is $(cat version.txt), target is \${{ inputs.target }}, $GITHUB_REF"
      - id: legs
        run: echo 'legs=["x","y"]' >> "$GITHUB_OUTPUT"
  leg:
    needs: plan
    runs-on: ubuntu-latest
    strategy:
      matrix:
        name: \${{ fromJSON(needs.plan.outputs.legs) }}
    steps:
      - run: mkdir out && echo "from \${{ matrix.name }}" > "out/\${{ matrix.name }}.txt"
      - uses: actions/upload-artifact@v4
        with:
          name: leg-\${{ matrix.name }}
          path: out
  called:
    needs: plan
    uses: ./.workflows/called.yml
    with:
      word: hello
    secrets: inherit
  gather:
    needs: [leg, called]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with:
          path: all
          merge-multiple: true
      - run: |
          cat all/x.txt all/y.txt
          echo "called says \${{ needs.called.outputs.answer }}"
      - uses: actions/upload-artifact@v4
        with:
          name: all
          path: all
`,
    on(
      "    inputs:",
      "      target:",
      "        type: choice",
      "        options: [staging, production]",
      "        default: staging",
      "      count:",
      "        type: number",
    ),
  ),
  ".workflows/called.yml": `name: called
on:
  workflow_call:
    inputs:
      word:
        type: string
        required: true
    outputs:
      answer:
        value: \${{ jobs.answer.outputs.answer }}
jobs:
  answer:
    runs-on: ubuntu-latest
    outputs:
      answer: \${{ steps.say.outputs.answer }}
    steps:
      - id: say
        run: echo "answer=\${{ inputs.word }} back" >> "$GITHUB_OUTPUT"
`,
  ".workflows/cache.yml": workflow(
    "cache",
    `  keep:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./.workflows/actions/keep
`,
  ),
  ".workflows/actions/keep/action.yml": "name: keep\nruns:\n  using: node24\n  main: keep.mjs\n",
  ".workflows/actions/keep/keep.mjs": `import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
const cache = await import("${cacheClient}");
const found = await cache.restoreCache(["kept"], "kept-1", ["kept-"]);
console.log("found " + (found ?? "nothing") + " " + (found === undefined ? "" : readFileSync("kept/file", "utf8")));
if (found === undefined) {
  mkdirSync("kept", { recursive: true });
  writeFileSync("kept/file", "kept words");
  console.log("saved " + ((await cache.saveCache(["kept"], "kept-1")) > 0));
}
`,
  ".workflows/one.yml": workflow(
    "one",
    '  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo "hello from $GITHUB_SHA"\n',
  ),
  ".workflows/scheduled.yml": workflow(
    "scheduled",
    '  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo "at ${{ github.event.schedule }}"\n',
    "on:\n  schedule:\n    - cron: '7 3 29 2 *'\n",
  ),
  ".workflows/broken.yml": `name: broken
on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-latest
    needs: nothing
    steps:
      - run: echo
        uses: actions/checkout@v4
  b:
    runs-on: ubuntu-latest
    steps:
      - run: echo \${{ nonsense.x }}
`,
  // Waits until the test says how it is to end, for as long as a test may take.
  ".workflows/held.yml": workflow(
    "held",
    `  held:
    runs-on: ubuntu-latest
    steps:
      - name: Wait
        run: |
          # As a person's script would: a shell alone waits for what it runs before it hears of a signal.
          trap 'exit 1' INT
          echo "waiting"
          for i in $(seq 2400); do test -e "\${{ inputs.gate }}" && break; sleep 0.05; done
          test -e "\${{ inputs.gate }}"
      - run: echo "through the gate"
`,
    `run-name: held at \${{ inputs.gate }}\n${on("    inputs:", "      gate:", "        required: true")}`,
  ),
  ...Object.fromEntries(
    [
      ["replace", "      cancel-in-progress: true"],
      ["single", "      cancel-in-progress: false"],
      ["queue", "      queue: max"],
    ].map(([name, setting = ""]) => [
      `.workflows/${name}.yml`,
      workflow(
        `${name}`,
        `  held:
    runs-on: ubuntu-latest
    steps:
      - run: for i in $(seq 2400); do test -e "\${{ inputs.gate }}" && break; sleep 0.05; done
`,
        `${on("    inputs:", "      gate:", "        required: true")}
concurrency:
  group: group-${name}
${setting.replace(/^ {4}/, "")}`,
      ),
    ]),
  ),
  ".workflows/flaky.yml": workflow(
    "flaky",
    `  good:
    runs-on: ubuntu-latest
    steps:
      - run: echo "good ran in attempt $GITHUB_RUN_ATTEMPT"
  bad:
    runs-on: ubuntu-latest
    steps:
      - run: echo "bad ran in attempt $GITHUB_RUN_ATTEMPT"; test -e "\${{ inputs.gate }}"
  after:
    needs: [good, bad]
    runs-on: ubuntu-latest
    steps:
      - run: echo "after ran in attempt $GITHUB_RUN_ATTEMPT"
`,
    on("    inputs:", "      gate:", "        required: true"),
  ),
  ".workflows/deploy.yml": workflow(
    "deploy",
    `  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: echo "deployed \${{ secrets.DEPLOY_KEY }}"
`,
  ),
  ".workflows/secret.yml": workflow(
    "secret",
    `  use:
    runs-on: ubuntu-latest
    env:
      KEY: \${{ secrets.API_KEY }}
    steps:
      - name: Uses it
        run: |
          test "$KEY" = "$(printf 'planted-%s' secret-7f3a9c)"
          echo "the key is $KEY in \${{ vars.REGION }}"
`,
  ),
  // No line break after the dots, so that parts of a line have to come through too.
  ".workflows/loud.yml": workflow(
    "loud",
    `  loud:
    runs-on: ubuntu-latest
    steps:
      - name: Speak
        run: |
          for i in 1 2 3 4 5; do printf '\\033[32mline %s\\033[0m\\n' "$i"; done
          for i in $(seq 2400); do test -e "\${{ inputs.gate }}" && break; sleep 0.05; done
          echo "the end"
`,
    on("    inputs:", "      gate:", "        required: true"),
  ),
  ".platform.yaml": `pipeline:
  steps:
    - name: build
      image: alpine:3
      commands:
        - mkdir -p build && echo "built $COMMIT_REF" > build/program.txt
    - name: test
      image: alpine:3
      commands:
        - echo "tested $COMMIT_SHA"
artifacts:
  - name: program
    path: build/
    expires: 7d
`,
};
