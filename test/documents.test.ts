// Links and commands in the documents lead somewhere.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const documents = globSync("{*.md,docs/**/*.md,examples/*/README.md,src/**/README.md}", { cwd: root });
const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

describe.each(documents)("%s", (document) => {
  const text = readFileSync(join(root, document), "utf8");

  it("has links to files that exist", () => {
    const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(
      ([, target = ""]) => target,
    );
    for (const target of targets)
      expect(existsSync(join(root, dirname(document), target)), target).toBe(true);
  });

  it("names npm scripts that exist", () => {
    const named = [
      ...text.matchAll(/\bnpm (?:run )?(start|test|check|bench|format|build|generate|run [\w:-]+)\b/g),
    ];
    for (const [, name = ""] of named) expect(Object.keys(scripts)).toContain(name.replace(/^run /, ""));
  });
});

it("finds the documents a newcomer needs", () => {
  for (const name of [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "ARCHITECTURE.md",
    "docs/glossary.md",
  ]) {
    expect(documents).toContain(name);
  }
  expect(readFileSync(join(root, "LICENSE"), "utf8")).toContain("Apache License");
});
