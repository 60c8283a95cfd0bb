// docs/reference/platform-file.md says what the parser does.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parsePipeline } from "../src/spec/parse-pipeline.ts";
import { PLATFORM_VARIABLES } from "../src/spec/platform/platform-variables.ts";

const text = readFileSync(
  fileURLToPath(new URL("../docs/reference/platform-file.md", import.meta.url)),
  "utf8",
);

it("names every variable of a step", () => {
  for (const name of [...PLATFORM_VARIABLES.keys(), "STEP_NAME"]) expect(text).toContain(`\`${name}\``);
});

it("shows an example without mistakes, that uses what the table explains", () => {
  const content = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
  const { spec, diagnostics } = parsePipeline({ path: ".platform.yaml", content });
  expect(diagnostics).toEqual([]);
  expect(spec?.jobs.map(({ id, needs }) => [id, needs])).toEqual([
    ["build", []],
    ["test", ["build"]],
  ]);
  expect(spec?.artifacts).toEqual([{ name: "program", path: "build/", expiresSeconds: 7 * 86_400 }]);
});
