// Holds docs/reference/compatibility.md to GitHub's schemas, to the functions there are and to the scenarios.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PUBLISHED_ACTION_SCHEMA } from "./actions/action-schema.ts";
import { BUILT_IN_FUNCTIONS } from "./expressions/built-in-functions.ts";
import { type SchemaSource, TemplateSchema } from "./template/template-schema.ts";
import { WORKFLOW_SCHEMA, WORKFLOW_SCHEMA_SOURCE } from "./workflow/workflow-schema.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(`${root}docs/reference/compatibility.md`, "utf8");

/** Every command and file of actions/runner (ActionCommandManager.cs, FileCommandManager.cs and their like). */
const COMMANDS =
  "internal-set-repo-path set-env set-output save-state add-mask add-path add-matcher remove-matcher debug warning error notice group endgroup echo stop-commands";
const FILES =
  "GITHUB_ENV GITHUB_OUTPUT GITHUB_PATH GITHUB_STATE GITHUB_STEP_SUMMARY GITHUB_ARTIFACTS GITHUB_ARTIFACTS_LIST";

interface Row {
  readonly names: readonly string[];
  readonly status: string;
  readonly scenario: string;
}

function rows(table: string): Row[] {
  const marked = [...text.matchAll(new RegExp(`<!-- ${table} -->\n([\\s\\S]*?)<!-- /${table} -->`, "g"))];
  const lines = marked.flatMap(([, body = ""]) => body.split("\n").filter((line) => line.startsWith("| `")));
  return lines.map((line) => {
    const [, key = "", status = "", scenario = ""] = line.split("|").map((cell) => cell.trim());
    return { names: expand(key.replaceAll("`", "")), status, scenario: scenario.replaceAll("`", "") };
  });
}

/** `a.{b,c}` is `a.b` and `a.c`. */
function expand(name: string): string[] {
  const [, before = "", choices, after = ""] = /^(.*?)\{(.*?)\}(.*)$/.exec(name) ?? [];
  if (choices === undefined) return [name];
  return choices.split(",").flatMap((choice) => expand(`${before}${choice}${after}`));
}

function namesOf(table: string): string[] {
  return rows(table).flatMap(({ names }) => names);
}

/** Every path of keys below a definition: `jobs.<name>.steps[*].run`. A definition inside itself is not followed. */
function keyPaths(schema: TemplateSchema, start: string): string[] {
  const paths = new Set<string>();
  const walk = (name: string, path: string, above: readonly string[]): void => {
    if (above.includes(name)) return;
    const { mappings, items } = schema.definition(name);
    const keys = new Map<string, string>();
    for (const { properties, looseKey, looseValue } of mappings) {
      for (const [key, { type }] of properties) keys.set(key, type);
      if (looseKey !== undefined && looseValue !== undefined && looseValue !== "any")
        keys.set("<name>", looseValue);
    }
    for (const [key, type] of keys) {
      const below = path === "" ? key : `${path}.${key}`;
      paths.add(below);
      walk(type, below, [...above, name]);
    }
    if (items !== undefined && items !== "any") walk(items, `${path}[*]`, [...above, name]);
  };
  walk(start, "", []);
  return [...paths].sort();
}

function contextEntries(source: SchemaSource): string[] {
  return Object.values(source.definitions).flatMap(({ context = [] }) => context);
}

describe("the compatibility tables", () => {
  it("have every key of GitHub's workflow schema once, and no other", () => {
    expect(namesOf("keys").sort()).toEqual(keyPaths(WORKFLOW_SCHEMA, "workflow-root-strict"));
  });

  it("have every key of GitHub's action schema once, and no other", () => {
    const published = new TemplateSchema(PUBLISHED_ACTION_SCHEMA);
    expect(namesOf("action-keys").sort()).toEqual(keyPaths(published, "action-root-strict"));
  });

  it("have every context and function that GitHub's schemas and expressions have", () => {
    const entries = [...contextEntries(WORKFLOW_SCHEMA_SOURCE), ...contextEntries(PUBLISHED_ACTION_SCHEMA)];
    const contexts = new Set(entries.filter((entry) => !entry.includes("(")));
    expect(namesOf("contexts").sort()).toEqual([...contexts].sort());
    const placed = entries.filter((entry) => entry.includes("(")).map((entry) => entry.replace(/\(.*/, ""));
    const builtIn = [...BUILT_IN_FUNCTIONS.values()].map(({ name }) => name);
    expect(namesOf("functions").sort()).toEqual([...new Set([...placed, ...builtIn])].sort());
  });

  it("have every workflow command and environment file of GitHub's runner", () => {
    expect(namesOf("commands").sort()).toEqual(COMMANDS.split(" ").sort());
    expect(namesOf("files").sort()).toEqual(FILES.split(" ").sort());
  });

  it("say of everything whether it is honoured, refused or differs, and a difference is described", () => {
    const all = ["keys", "action-keys", "contexts", "functions", "commands", "files"].flatMap(rows);
    for (const { names, status } of all)
      expect([names, status]).toEqual([names, expect.stringMatching(/^(honoured|refused|differs)$/)]);
    for (const line of text.split("\n").filter((each) => each.includes("| differs |"))) {
      expect(line).not.toMatch(/\|\s*\|$/);
    }
  });

  it("name tests that exist", () => {
    const named = new Set([...text.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, name]) => name ?? ""));
    expect(named.size).toBeGreaterThan(3);
    expect([...named].filter((name) => !existsSync(`${root}${name}`))).toEqual([]);
  });

  it("name scenarios that exist", () => {
    const named = new Set([...text.matchAll(/\| `(\d\d-[a-z0-9-]+)` *\|/g)].map(([, name]) => name));
    expect(named.size).toBeGreaterThan(30);
    expect([...named].filter((name) => !existsSync(`${root}test/scenarios/${name}`))).toEqual([]);
  });
});
