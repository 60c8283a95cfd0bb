// Holds the arrows of ARCHITECTURE.md: which folder may import which (dependency-cruiser, rules generated from the table).
import { cruise } from "dependency-cruiser";
import { importRules, readMap } from "./architecture-map.ts";

const map = readMap();
const { output } = await cruise(["src"], {
  validate: true,
  ruleSet: { forbidden: importRules(map) },
  // The TypeScript that dependency-cruiser knows has another API than ours; swc reads the imports instead.
  parser: "swc",
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { extensions: [".ts", ".js", ".mjs", ".json"] },
  doNotFollow: { path: "node_modules" },
});
if (typeof output === "string") throw new Error("dependency-cruiser gave text where a result was expected");

const cruised = output.modules.filter(({ source }) => source.startsWith("src/"));
// It reports "no violations in 0 modules" when it cannot read the sources: that must not pass.
if (cruised.length < 20) throw new Error(`Only ${cruised.length} modules of src/ were read`);
if (!cruised.some(({ dependencies }) => dependencies.length > 0))
  throw new Error("No import was seen at all");

for (const { rule, from, to } of output.summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
console.log(`${cruised.length} modules, ${output.summary.violations.length} violations`);
process.exit(output.summary.violations.length === 0 ? 0 : 1);
