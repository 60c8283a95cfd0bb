// ARCHITECTURE.md and the tree say the same.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importRules, readMap } from "../scripts/architecture-map.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const map = readMap();

describe("the map of ARCHITECTURE.md", () => {
  it("names every folder and file directly below src/, and nothing else", () => {
    const named = map.map(({ folder }) => folder).filter((folder) => !folder.includes("/"));
    const present = readdirSync(join(root, "src")).filter((name) => !name.endsWith(".test.ts"));
    expect([...named].sort()).toEqual(present.sort());
  });

  it("names only what exists, in both columns", () => {
    for (const { folder, mayImport } of map) {
      for (const path of [folder, ...mayImport]) expect(existsSync(join(root, "src", path)), path).toBe(true);
    }
  });

  it("gives every row a meaning", () => {
    for (const { folder, meaning } of map) expect(meaning, folder).not.toBe("");
  });

  it("becomes a rule that refuses an import it does not allow", () => {
    const rule = importRules(map).find(({ name }) => name?.startsWith("graph may import"));
    const to = rule !== undefined && "to" in rule ? rule.to.pathNot : undefined;
    const allowed = (path: string) =>
      Array.isArray(to) && to.some((pattern) => new RegExp(pattern).test(path));
    expect(allowed("src/graph/plan.ts")).toBe(true);
    expect(allowed("src/cli/main.ts")).toBe(false);
  });

  it("names every other folder of the repository that git keeps", () => {
    const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    const folders = readdirSync(root).filter(
      (name) =>
        !name.startsWith(".") &&
        !["node_modules", "dist", "src"].includes(name) &&
        statSync(join(root, name)).isDirectory(),
    );
    for (const folder of folders) expect(text, folder).toContain(`\`${folder}/\``);
  });
});
