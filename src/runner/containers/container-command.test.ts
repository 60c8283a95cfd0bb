import { describe, expect, it } from "vitest";
import { containerArgv, seenInContainer } from "./container-command.ts";

const IMAGE = { entrypoint: ["/entry", "always"], command: ["of", "the image"] };

describe("program and arguments of a container", () => {
  it.each([
    ["the image's own", {}, ["/entry", "always", "of", "the image"]],
    ["arguments in place of the image's command", { args: "a  b" }, ["/entry", "always", "a", "b"]],
    ["a list of arguments, each as it is", { args: ["a b", "", '"'] }, ["/entry", "always", "a b", "", '"']],
    ["an empty list, which counts as none", { args: [] }, ["/entry", "always", "of", "the image"]],
    ["another program, without the image's command", { entrypoint: "/bin/x" }, ["/bin/x"]],
    ["another program, one word", { entrypoint: "/bin/x y", args: "z" }, ["/bin/x y", "z"]],
    [
      "empty texts, which count as none",
      { entrypoint: "", args: "" },
      ["/entry", "always", "of", "the image"],
    ],
    ["double quotes", { args: `-c "a b" c"d e"f \\"` }, ["/entry", "always", "-c", "a b", "cd ef", '"']],
    [
      "single quotes for the image's program, as they are",
      { args: "-c 'a b'" },
      ["/entry", "always", "-c", "'a", "b'"],
    ],
    [
      "single quotes for a named program",
      { entrypoint: "/bin/sh", args: "-c  'uname -a' x" },
      ["/bin/sh", "-c", "uname -a", "x"],
    ],
    ["an apostrophe", { entrypoint: "/bin/echo", args: "it's 'so'" }, ["/bin/echo", "it's", "'so'"]],
    [
      "both kinds of quotes",
      { entrypoint: "/bin/sh", args: `-c "echo 'a b'"` },
      ["/bin/sh", "-c", "echo 'a b'"],
    ],
    [
      "variables, which nobody replaces",
      { args: "echo ${A} | x" },
      ["/entry", "always", "echo", "${A}", "|", "x"],
    ],
  ])("%s", (_, command, argv) => {
    expect(containerArgv(command, IMAGE, "image")).toEqual(argv);
  });

  it("may be all the image's command", () => {
    expect(containerArgv({}, { entrypoint: [], command: ["sh"] }, "image")).toEqual(["sh"]);
    expect(containerArgv({ args: "a b" }, { entrypoint: [], command: ["sh"] }, "image")).toEqual(["a", "b"]);
  });
});

it.each([
  ["/w/ship", "/github/workspace"],
  ["/w/ship/a b", "/github/workspace/a b"],
  ["/w/shipyard", "/w/shipyard"],
  ["x /w/ship", "x /w/ship"],
  ["", ""],
])("a container sees %j as %j", (text, seen) => {
  expect(seenInContainer(text, "/w/ship", "/github/workspace")).toBe(seen);
});
