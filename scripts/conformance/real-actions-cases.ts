/** One or more runs in one repository and one home, so that a later run finds what an earlier one kept. */
export interface ActionCase {
  readonly name: string;
  /** Clones it needs; `uses: owner/name@NEWEST` becomes the newest tag of that clone. */
  readonly needs: readonly string[];
  /** Files of the repository beside its workflows. */
  readonly files?: Readonly<Record<string, string>>;
  readonly runs: readonly ActionRun[];
  /** Actions ask the loopback server instead of github.com. */
  readonly loopback?: boolean;
  readonly args?: readonly string[];
}

export interface ActionRun {
  /** The jobs of a workflow, from the column they have below `jobs:`. Their own steps check what they can. */
  readonly jobs: string;
  readonly says?: readonly RegExp[];
  /** It must fail. */
  readonly fails?: true;
}

const ON = "runs-on: ubuntu-latest";

/** A job that restores and saves the folder `mods`, and what it must find there. */
const cached = (uses: string, key: string, hit: string, found: string) => `
  a:
    ${ON}
    steps:
      - id: cache
        uses: ${uses}
        with: {path: "mods\\nmore/**/*.txt", key: ${key}, restore-keys: linux-}
      - run: test "$(cat mods/ü 2>&1 || true)" ${found}
      - run: test "${"$"}{{ steps.cache.outputs.cache-hit }}" = "${hit}"
      - run: mkdir -p mods more/deep && printf kept > mods/ü && printf t > more/deep/a.txt`;

const CACHE_KEPT = ["cache@NEWEST", "cache@v4.0.2", "cache@v3.3.3"].map(
  (action): ActionCase => ({
    name: `actions/${action}: a miss saves in the post step; then an exact hit, then one by prefix`,
    needs: ["cache"],
    runs: [
      {
        jobs: cached(`actions/${action}`, "linux-1", "", "!= kept"),
        says: [/Cache not found for input keys: linux-1/, /Cache saved with key: linux-1/],
      },
      {
        jobs: cached(`actions/${action}`, "linux-1", "true", "= kept"),
        says: [/Cache restored from key: linux-1/, /Cache hit occurred on the primary key linux-1/],
      },
      {
        jobs: cached(`actions/${action}`, "linux-2", "false", "= kept"),
        says: [/Cache restored from key: linux-1/, /Cache saved with key: linux-2/],
      },
    ],
  }),
);

const ARTIFACTS = ["upload-artifact", "download-artifact"];

export const CASES: readonly ActionCase[] = [
  {
    name: "artifacts of a matrix, downloaded by name, pattern, ids, merged and all",
    needs: ARTIFACTS,
    runs: [
      {
        jobs: `
  make:
    ${ON}
    strategy: {matrix: {part: [one, two]}}
    steps:
      - run: mkdir -p "out/sub ü" && printf \${{ matrix.part }} > "out/sub ü/\${{ matrix.part }}" && touch out/.hidden out/x.tmp
      - id: up
        uses: actions/upload-artifact@NEWEST
        with: {name: "Größe \${{ matrix.part }}", path: "out\\n!out/*.tmp", retention-days: 3}
      - run: '[[ "$ID" =~ ^[0-9]+$ && "$DIGEST" =~ ^[0-9a-f]{64}$ && "$URL" == */artifacts/$ID ]]'
        env: {ID: "\${{ steps.up.outputs.artifact-id }}", DIGEST: "\${{ steps.up.outputs.artifact-digest }}", URL: "\${{ steps.up.outputs.artifact-url }}"}
  other:
    ${ON}
    outputs: {id: "\${{ steps.up.outputs.artifact-id }}"}
    steps:
      - run: printf other > file
      - {id: up, uses: actions/upload-artifact@NEWEST, with: {name: other, path: file}}
  use:
    ${ON}
    needs: [make, other]
    steps:
      - {id: named, uses: actions/download-artifact@NEWEST, with: {name: Größe one, path: named}}
      - run: test "\${{ steps.named.outputs.download-path }}" = "$PWD/named"
      - run: test "$(cd named; find . -type f)" = "./sub ü/one"
      - {uses: actions/download-artifact@NEWEST, with: {pattern: Größe *, path: many}}
      - run: test "$(cat 'many/Größe one/sub ü/one' 'many/Größe two/sub ü/two')" = onetwo && test ! -e many/other
      - {uses: actions/download-artifact@NEWEST, with: {pattern: Größe *, path: merged, merge-multiple: true}}
      - run: test "$(cat 'merged/sub ü/one' 'merged/sub ü/two')" = onetwo
      - {uses: actions/download-artifact@NEWEST, with: {artifact-ids: "\${{ needs.other.outputs.id }}", path: by-id}}
      - run: test "$(cat by-id/file)" = other
      - {uses: actions/download-artifact@NEWEST, with: {path: all}}
      - run: test "$(ls all | wc -l)" = 3 && test "$(cat all/other/file)" = other`,
        says: [/Artifact Größe one has been successfully uploaded/],
      },
    ],
  },
  {
    name: "a taken name is refused, overwrite replaces it, and one file goes as it is",
    needs: ARTIFACTS,
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - run: printf first > f
      - {uses: actions/upload-artifact@NEWEST, with: {name: twice, path: f}}
      - run: printf second > f
      - {id: taken, continue-on-error: true, uses: actions/upload-artifact@NEWEST, with: {name: twice, path: f}}
      - run: test \${{ steps.taken.outcome }} = failure
      - {uses: actions/upload-artifact@NEWEST, with: {name: twice, path: f, overwrite: true}}
      - {uses: actions/download-artifact@NEWEST, with: {name: twice, path: in}}
      - run: test "$(cat in/f)" = second && printf '<p>' > 'Bericht ü.html'
      - {uses: actions/upload-artifact@NEWEST, with: {path: Bericht ü.html, archive: false}}
      - {uses: actions/download-artifact@NEWEST, with: {name: Bericht ü.html, path: raw}}
      - run: test "$(cat 'raw/Bericht ü.html')" = '<p>'`,
        says: [/409.*Conflict.*an artifact with this name already exists/],
      },
    ],
  },
  {
    name: "artifacts are merged, and the parts deleted",
    needs: ARTIFACTS,
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - run: mkdir a b && touch a/1 b/2
      - {uses: actions/upload-artifact@NEWEST, with: {name: part-a, path: a}}
      - {uses: actions/upload-artifact@NEWEST, with: {name: part-b, path: b}}
      - {uses: actions/upload-artifact/merge@NEWEST, with: {name: whole, pattern: part-*, delete-merged: true}}
      - {uses: actions/download-artifact@NEWEST, with: {name: whole, path: in}}
      - run: test "$(ls in | tr '\\n' ,)" = 1,2,
      - {continue-on-error: true, id: gone, uses: actions/download-artifact@NEWEST, with: {name: part-a}}
      - run: test \${{ steps.gone.outcome }} = failure`,
        says: [/Artifact not found for name: part-a/],
      },
    ],
  },
  {
    name: "an upload of nothing fails where it must",
    needs: ["upload-artifact"],
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - {uses: actions/upload-artifact@NEWEST, with: {name: n, path: none}}
      - {uses: actions/upload-artifact@NEWEST, with: {name: n, path: none, if-no-files-found: error}}`,
        fails: true,
        says: [/"level":"warning"[^\n]*No files were found/, /"level":"error"[^\n]*No files were found/],
      },
    ],
  },
  ...CACHE_KEPT,
  {
    name: "cache/save and cache/restore: a taken key, lookup-only, a miss that must fail",
    needs: ["cache"],
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - run: printf x > f
      - {uses: actions/cache/save@NEWEST, with: {path: f, key: parts}}
      - {uses: actions/cache/save@NEWEST, with: {path: f, key: parts}}
      - run: rm f
      - {id: look, uses: actions/cache/restore@NEWEST, with: {path: f, key: parts, lookup-only: true}}
      - run: test \${{ steps.look.outputs.cache-hit }} = true && test ! -e f
      - {id: back, uses: actions/cache/restore@NEWEST, with: {path: f, key: parts-2, restore-keys: par}}
      - run: test \${{ steps.back.outputs.cache-matched-key }} = parts && test "$(cat f)" = x
      - {id: none, continue-on-error: true, uses: actions/cache/restore@NEWEST, with: {path: f, key: none, fail-on-cache-miss: true}}
      - run: test \${{ steps.none.outcome }} = failure`,
        says: [/Unable to reserve cache with key parts/, /Failed to restore cache entry/],
      },
    ],
  },
  {
    name: "github-script: the context, the interface, outputs, files of the repository, and a failure",
    needs: ["github-script"],
    loopback: true,
    files: { "greet.cjs": "module.exports = ({ context }) => 'hello ' + context.repo.repo" },
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - uses: actions/checkout@v4
      - id: script
        uses: actions/github-script@NEWEST
        env: {NUMBER: 7}
        with:
          script: |
            const { data } = await github.rest.issues.get({ ...context.repo, issue_number: Number(process.env.NUMBER) });
            core.setOutput("title", data.title);
            await exec.exec("git", ["rev-parse", "HEAD"]);
            core.summary.addHeading("Script").write();
            return { greeting: require("./greet.cjs")({ context }), event: context.eventName, sha: context.sha };
      - run: test "$TITLE" = "issue 7" && test "$GREETING" = "hello app" && test "$SHA" = "$GITHUB_SHA"
        env:
          TITLE: \${{ steps.script.outputs.title }}
          GREETING: \${{ fromJSON(steps.script.outputs.result).greeting }}
          SHA: \${{ fromJSON(steps.script.outputs.result).sha }}
      - {id: text, uses: actions/github-script@NEWEST, with: {result-encoding: string, script: "return 'plain'"}}
      - run: test \${{ steps.text.outputs.result }} = plain
      - uses: actions/github-script@NEWEST
        with: {script: "await github.rest.issues.get({ ...context.repo, issue_number: 'none' })"}`,
        fails: true,
        says: [/"level":"error"[^\n]*Not Found/, /"type":"summary"[^\n]*Script/],
      },
    ],
  },
  {
    name: "setup-node: a version of the tool cache comes first on PATH; its packages are kept in the post step",
    needs: ["setup-node"],
    files: { "package-lock.json": "{}", ".nvmrc": "NODE_VERSION\n" },
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - uses: actions/checkout@v4
      - id: node
        uses: actions/setup-node@NEWEST
        with: {node-version: NODE_VERSION, cache: npm, registry-url: "https://npm.example.org"}
        env: {NODE_AUTH_TOKEN: abc}
      - run: test "$(command -v node)" = "$RUNNER_TOOL_CACHE/node/NODE_VERSION/x64/bin/node"
      - run: test "\${{ steps.node.outputs.node-version }}" = "$(node --version)"
      - run: grep -q npm.example.org "$NPM_CONFIG_USERCONFIG"
      - run: mkdir -p "$HOME/packages" && touch "$HOME/packages/one"
  b:
    ${ON}
    steps:
      - uses: actions/checkout@v4
      - {uses: actions/setup-node@NEWEST, with: {node-version-file: .nvmrc}}
      - run: test "$(node --version)" = vNODE_VERSION`,
        says: [/Found in cache/, /npm cache is not found/, /Cache saved with the key: node-cache-/],
      },
      {
        jobs: `
  a:
    ${ON}
    steps:
      - uses: actions/checkout@v4
      - {id: node, uses: actions/setup-node@NEWEST, with: {node-version: NODE_VERSION, cache: npm}}
      - run: test \${{ steps.node.outputs.cache-hit }} = true && test -e "$HOME/packages/one"`,
        says: [/Cache restored from key: node-cache-/],
      },
    ],
  },
  {
    name: "checkout: the commit, all history, a branch, another repository, a part of it; its post step",
    needs: ["checkout"],
    loopback: true,
    args: ["--no-builtin-checkout"],
    files: { "docs/a.md": "a", "src/b.ts": "b" },
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - {id: here, uses: actions/checkout@NEWEST}
      - run: test "$(git rev-parse HEAD)" = "$GITHUB_SHA" && test "$(git rev-list --count HEAD)" = 1
      - run: test "\${{ steps.here.outputs.commit }}" = "$GITHUB_SHA" && test "\${{ steps.here.outputs.ref }}" = refs/heads/main
      - run: test "$(git symbolic-ref --short HEAD)" = main && test -z "$(git status --porcelain)"
      - run: touch left-over
      - {uses: actions/checkout@NEWEST, with: {fetch-depth: 0}}
      - run: test "$(git rev-list --count HEAD)" = 2 && test ! -e left-over && git rev-parse -q origin/topic v1
      - {uses: actions/checkout@NEWEST, with: {ref: topic, path: topic}}
      - run: test "$(git -C topic symbolic-ref --short HEAD)" = topic && test -e topic/only-topic
      - {uses: actions/checkout@NEWEST, with: {repository: acme/library, path: deps/library, persist-credentials: false}}
      - run: test "$(cat deps/library/lib)" = library && ! git -C deps/library config --get-regexp 'http.*extraheader'
      - {uses: actions/checkout@NEWEST, with: {sparse-checkout: docs, path: part}}
      - run: test -e part/docs/a.md && test ! -e part/src`,
        says: [/"name":"Post Run actions\/checkout@[^\n]*/],
      },
    ],
  },
  {
    name: "paths-filter (dorny): what the last push changed, by git alone",
    needs: ["paths-filter"],
    files: { "docs/a.md": "a", "src/b.ts": "b" },
    runs: [
      {
        jobs: `
  a:
    ${ON}
    steps:
      - {uses: actions/checkout@v4, with: {fetch-depth: 0}}
      - id: changes
        uses: dorny/paths-filter@NEWEST
        with: {base: v1, list-files: json, filters: "docs: docs/**\\nlater: later.txt\\nsrc: ['src/**']"}
      - run: test "\${{ steps.changes.outputs.docs }} \${{ steps.changes.outputs.later }} \${{ steps.changes.outputs.src }}" = "false true false"
      - run: test '\${{ steps.changes.outputs.later_files }}' = '["later.txt"]'`,
      },
    ],
  },
];
