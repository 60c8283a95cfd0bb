import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import { type ActionReference, parseUses } from "./parse-uses.ts";

const GOOD: readonly [uses: string, reference: ActionReference][] = [
  [
    "actions/setup-node@v4",
    { kind: "repository", owner: "actions", name: "setup-node", path: "", ref: "v4" },
  ],
  ["o/r/a/b@feature/x", { kind: "repository", owner: "o", name: "r", path: "a/b", ref: "feature/x" }],
  ["o/r/a/@v1", { kind: "repository", owner: "o", name: "r", path: "a", ref: "v1" }],
  ["o\\r\\a@v1", { kind: "repository", owner: "o", name: "r", path: "a", ref: "v1" }],
  [" o/r@v1 ", { kind: "repository", owner: "o", name: "r", path: "", ref: "v1" }],
  ["./.github/actions/x", { kind: "local", path: "./.github/actions/x" }],
  ["./", { kind: "local", path: "./" }],
  ["./a b/ü@x", { kind: "local", path: "./a b/ü@x" }],
  ["./../sibling", { kind: "local", path: "./../sibling" }],
  [".\\a\\b", { kind: "local", path: "./a/b" }],
  ["$/actions/x", { kind: "self", path: "actions/x" }],
  ["docker://alpine:3.20@sha256:abc", { kind: "docker", image: "alpine:3.20@sha256:abc" }],
];

const BAD: readonly [uses: string, message: RegExp][] = [
  ["", /it is empty/],
  ["   ", /it is empty/],
  ["actions/checkout", /has no ref.*Did you mean 'actions\/checkout@v1'\?/],
  ["actions/checkout@", /ref after the @ is empty/],
  ["checkout@v4", /has no owner.*Did you mean 'actions\/checkout@v4'\?/],
  ["checkout", /neither an owner nor a ref.*Did you mean '\.\/checkout'\?/],
  ["a/b@c@d", /more than one @/],
  ["../x", /starts with \.\/.*Did you mean '\.\/\.\.\/x'\?/],
  [".github/actions/x", /starts with \.\/.*Did you mean '\.\/\.github\/actions\/x'\?/],
  ["/abs/path", /named from the workspace/],
  ["C:\\abs", /named from the workspace/],
  ["https://github.com/o/r@v1", /not its address.*Did you mean 'o\/r@v1'\?/],
  ["https://github.com/o/r.git@v1", /Did you mean 'o\/r@v1'\?/],
  ["git@github.com:o/r.git@v1", /not its address.*Did you mean 'o\/r@v1'\?/],
  ["docker://", /names no image/],
  ["$/", /names no folder/],
  ["$/../x", /names no folder/],
  ["o/r@$" + "{{ matrix.v }}", /cannot hold an expression/],
  ["o/../r@v1", /'\.' and '\.\.' cannot be part/],
  ["o/r/../../x@v1", /'\.' and '\.\.' cannot be part/],
  ["o/r@-x", /can start with '-'/],
  ["-o/r@v1", /can start with '-'/],
  ["o/r@v 1", /white space/],
];

describe("parseUses", () => {
  it.each(GOOD)("reads '%s'", (uses, reference) => {
    expect(parseUses(uses)).toEqual(reference);
  });

  it.each(BAD)("refuses '%s' and says what was probably meant", (uses, message) => {
    expect(() => parseUses(uses)).toThrow(message);
    expect(() => parseUses(uses)).toThrow(/Expected \{owner\}\/\{repo\}/);
  });

  it("never lets a path out of the cache, whatever is written", () => {
    const text = fc.string({ unit: fc.constantFrom("a", ".", "/", "\\", "@", "-", "$", " ", "\0") });
    fc.assert(
      fc.property(text, (uses) => {
        try {
          const reference = parseUses(uses);
          if (reference.kind !== "repository") return true;
          const parts = [reference.owner, reference.name, ...reference.path.split("/")];
          return (
            !parts.includes("..") && !parts.includes(".") && reference.owner !== "" && reference.name !== ""
          );
        } catch (error) {
          return error instanceof ExecError && error.code === "InvalidSpec";
        }
      }),
    );
  });
});
