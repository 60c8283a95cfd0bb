// ARCHITECTURE.md's table *folder, meaning, may import* as data, so that the document and the rule are one thing.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { IForbiddenRuleType } from "dependency-cruiser";

export interface MapRow {
  /** Relative to `src/`: a folder such as `spec/workflow`, or a file. */
  readonly folder: string;
  readonly meaning: string;
  /** Folders or files of `src/`; a folder may always import itself. */
  readonly mayImport: readonly string[];
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** Reads the rows between `<!-- map -->` and `<!-- /map -->`. */
export function readMap(text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8")): MapRow[] {
  const table = /<!-- map -->([\s\S]*?)<!-- \/map -->/.exec(text)?.[1];
  if (table === undefined) throw new Error("ARCHITECTURE.md has no map");
  return table
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const [folder = "", meaning = "", mayImport = ""] = line
        .split("|")
        .slice(1)
        .map((cell) => cell.trim());
      return {
        folder: folder
          .replaceAll("`", "")
          .replace(/^src\//, "")
          .replace(/\/$/, ""),
        meaning,
        mayImport: [...mayImport.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name.replace(/\/$/, "")),
      };
    });
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const below = (folder: string) =>
  folder.endsWith(".ts") ? `^src/${escaped(folder)}$` : `^src/${escaped(folder)}/`;

/** Tests, suites, and what only they use. */
const TEST_CODE = "\\.(test|conformance|fixture)\\.ts$|/(testing|conformance)/";

/** One rule a row, and no cycles anywhere. Tests may import whatever they exercise. */
export function importRules(map: readonly MapRow[]): IForbiddenRuleType[] {
  const rows = map.map(({ folder, mayImport }): IForbiddenRuleType => {
    // A deeper row speaks for its own folder.
    const deeper = map
      .filter((other) => other.folder.startsWith(`${folder}/`))
      .map((other) => below(other.folder));
    return {
      name: `${folder} may import only what ARCHITECTURE.md says`,
      severity: "error",
      from: { path: below(folder), pathNot: [TEST_CODE, ...deeper] },
      to: { path: "^src/", pathNot: [below(folder), ...mayImport.map(below)] },
    };
  });
  return [
    ...rows,
    {
      name: "no cycles",
      severity: "error",
      from: { pathNot: "\\.test\\.ts$" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no test code in the program",
      severity: "error",
      from: { pathNot: [TEST_CODE, "^test/"] },
      to: { path: TEST_CODE },
    },
  ];
}
