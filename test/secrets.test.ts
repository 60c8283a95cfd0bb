// Secrets of every awkward kind, printed in every way that comes to mind: no byte that is written may hold one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBuilds } from "./support/build-record.ts";
import { each, FORBIDDEN, indent, NAMES, printing, SECRETS } from "./support/planted-secrets.ts";
import { type Ran, Sandbox, slipway } from "./support/slipway.ts";

const WORKFLOW = `on: push
run-name: Deploy with \${{ vars.PLAIN }} and \${{ vars.UNICODE }}
env:
${each((name) => `  ${name}: \${{ secrets.${name} }}`)}
jobs:
  prints:
    name: job \${{ vars.SPECIAL }} \${{ vars.SHORT }}
    runs-on: ubuntu-latest
    environment:
      name: production
      url: https://example.org/\${{ steps.print.outputs.out }}/\${{ vars.PLAIN }}
    outputs:
      leaked: \${{ steps.print.outputs.out }}
      joined: a-\${{ secrets.PLAIN }}-b
    steps:
      - id: print
        name: Prints \${{ secrets.PLAIN }} and \${{ secrets.LINES }}
        env: { GREETING: 'hello \${{ secrets.UNICODE }}' }
        run: |
${indent(printing(), 10)}
      - name: In the script itself
        run: |
          echo '\${{ toJSON(secrets.SPECIAL) }}' || true
          echo "\${{ secrets.PLAIN }}"
          # \${{ toJSON(env.JSON) }}
          env | sort
      - name: Split across steps, part one
        run: printf '%s' "\${PLAIN:0:8}" > part; printf '%s' "\${PLAIN:0:8}"
      - name: Split across steps, part two
        run: printf '%s\\n' "\${PLAIN:8}" > rest; cat part rest
      - uses: actions/upload-artifact@v7
        with:
          name: art-\${{ secrets.PLAIN }}
          path: part
      - run: exit 1
        working-directory: /nowhere/\${{ secrets.PLAIN }}
      - if: always()
        run: x
        env: { BASH_ENV: '/nowhere/\${{ secrets.PLAIN }}' }
        shell: bash {0} -$PLAIN
      - if: always()
        uses: ./actions/missing
        with: { key: '\${{ secrets.UNICODE }}' }
      - if: always() && fromJSON(env.PLAIN)
        run: echo
      - name: masked at run time
        if: always()
        run: |
          echo "::add-mask::run-time-""value-99"
          echo "run-time-""value-99"
          echo "run-time-""value-99" | base64
  bad-name:
    name: \${{ fromJSON(vars.PLAIN) }}
    runs-on: ubuntu-latest
    # Written into the file: a dry run has no other way to come by a secret.
    steps: [{ name: '${SECRETS.PLAIN} in the file', run: 'true' }]
  skipped:
    if: vars.PLAIN == 'other'
    runs-on: label-\${{ vars.PLAIN }}
    steps: [{ run: 'true' }]
  elsewhere:
    runs-on: label-\${{ vars.PLAIN }}
    steps: [{ run: 'true' }]
`;

/** Every file below a folder, as one text, its names included. */
function everything(folder: string): string {
  if (!existsSync(folder)) return "";
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${path}\n${entry.isFile() ? readFileSync(path, "utf8") : ""}\n`;
    })
    .join("");
}

describe("secrets", () => {
  const sandbox = new Sandbox();
  let repository = "";

  beforeAll(() => {
    repository = sandbox.repository("repository", {
      ".github/workflows/ci.yml": WORKFLOW,
      ".gitignore": ".secrets.json",
    });
    // In a file, as a value on the command line could not have several lines; and as variables, to get into names.
    const quoted = Object.entries(SECRETS).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
    sandbox.write({ "secrets.yml": quoted.join(""), "vars.yml": quoted.join("") });
  });
  afterAll(() => sandbox[Symbol.dispose]());

  async function run(...args: string[]): Promise<Ran & { readonly stored: string }> {
    const home = sandbox.join(`home${args.join("")}`);
    const files = ["--secret-file", sandbox.join("secrets.yml"), "--var-file", sandbox.join("vars.yml")];
    const ran = await slipway(["run", "--offline", ...files, ...args], {
      cwd: repository,
      env: { HOME: home, XDG_STATE_HOME: join(home, "state"), XDG_CACHE_HOME: join(home, "cache") },
    });
    return { ...ran, stored: everything(join(home, "state")) };
  }

  function expectNothing(where: string, written: string): void {
    for (const [name, text] of FORBIDDEN) {
      const at = written.indexOf(text);
      const found = at < 0 ? "" : written.slice(Math.max(0, at - 200), at + text.length + 20);
      expect(found, `${name} as ${text} in ${where}`).toBe("");
    }
    expect(written).not.toContain("run-time-value-99");
  }

  const modes: readonly [args: string[], code: number][] = [
    [[], 1],
    [["-v"], 1],
    [["--json"], 1],
    [["-q"], 1],
    [["--dryrun"], 0],
    [["--strict"], 1],
  ];
  it.each(modes)("are in nothing that `slipway run %j` writes", async (args, code) => {
    const ran = await run(...args);
    expect(ran.code, `${ran.stdout}${ran.stderr}`.slice(-3000)).toBe(code);
    expectNothing("standard output", ran.stdout);
    expectNothing("standard error", ran.stderr);
    expectNothing("the state folder", ran.stored);
    // A control: what is looked for was said, and hidden.
    if (!args.includes("-q")) expect(ran.stdout).toContain("***");
  });

  it("would have been found, were they no secrets", async () => {
    const open = sandbox.repository("open", {
      ".github/workflows/ci.yml": WORKFLOW.replaceAll("secrets.", "vars."),
    });
    const ran = await slipway(["run", "--offline", "--var-file", sandbox.join("vars.yml")], {
      cwd: open,
      env: { XDG_STATE_HOME: sandbox.join("open-state"), XDG_CACHE_HOME: sandbox.join("open-cache") },
    });
    const found = FORBIDDEN.filter(([, text]) => ran.stdout.includes(text)).map(([name]) => name);
    expect(new Set(found)).toEqual(new Set(NAMES));
    expect(found.length / FORBIDDEN.length).toBeGreaterThan(0.6);
  });

  it("are in no event in another escape: texts are looked at as they are read", async () => {
    const ran = await run("--json");
    const builds = readBuilds(ran.stdout);
    const [build] = builds;
    const job = build?.jobs.find(({ key }) => key === "prints");
    expect(job?.log).toContain("line: ***");
    expect(build?.annotations.length).toBeGreaterThan(NAMES.length);
    const texts: string[] = [];
    JSON.parse(`[${ran.stdout.trim().split("\n").join(",")}]`, (key, value: unknown) => {
      texts.push(key);
      if (typeof value === "string") texts.push(value);
      return value;
    });
    texts.push(...(build?.jobs.map(({ log }) => log) ?? []));
    expectNothing("the events", texts.join("\n"));
    expect(job?.outputs).toEqual({});
  });
});
