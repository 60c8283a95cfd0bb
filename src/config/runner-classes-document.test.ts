import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readRunnerClasses } from "./runner-classes.ts";
import { runnerClassesSchema } from "./runner-classes-schema.ts";

const page = readFileSync(new URL("../../docs/reference/runner-classes.md", import.meta.url), "utf8");

interface JsonSchema {
  readonly properties?: { readonly [key: string]: JsonSchema };
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Paths of keys that have no keys of their own. */
function leaves(schema: JsonSchema, path: string): string[] {
  const below = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((each) =>
    Object.entries(each.properties ?? {}).flatMap(([key, value]) =>
      leaves(value, path === "" ? key : `${path}.${key}`),
    ),
  );
  return below.length === 0 ? [path] : [...new Set(below)];
}

const { classes } = z.toJSONSchema(runnerClassesSchema, { io: "input", unrepresentable: "any" })
  .properties as unknown as { readonly classes: { readonly items: JsonSchema } };

describe("the page on runner classes", () => {
  it("names every key", () => {
    const named = new Set([...page.matchAll(/`([\w.]+)`/g)].map((match) => match[1] ?? ""));
    const missing = leaves(classes.items, "").filter(
      (path) =>
        !named.has(path) && !path.split(".").some((_, at, parts) => named.has(parts.slice(at).join("."))),
    );
    expect(missing).toEqual([]);
  });

  it("names no key that there is not", () => {
    const known = leaves(classes.items, "");
    const rows = [...page.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap((row) =>
      [...(row[1] ?? "").matchAll(/`([\w.]+)`/g)].map((match) => match[1] ?? ""),
    );
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row) => !known.some((path) => path === row || path.startsWith(`${row}.`)))).toEqual(
      [],
    );
  });

  it("has an example that is right", () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    expect(parse(example)).toHaveProperty("classes");
    const read = readRunnerClasses("classes.yaml", example, { namespace: "n", kitImage: "kit" });
    expect(read.map(({ name, namespace }) => `${name} ${namespace}`)).toEqual([
      "default slipway-jobs",
      "big slipway-jobs",
      "root slipway-jobs",
    ]);
  });
});
