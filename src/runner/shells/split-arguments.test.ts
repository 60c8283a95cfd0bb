import { expect, test } from "vitest";
import { splitArguments } from "./split-arguments.ts";

test.each<[string, string[]]>([
  ["", []],
  ["  ", []],
  ["-e {0}", ["-e", "{0}"]],
  [" a \t b  ", ["a", "b"]],
  [`-command ". '{0}'"`, ["-command", ". '{0}'"]],
  [`a"b c"d`, ["ab cd"]],
  [`"" x`, ["", "x"]],
  [`"say ""hi"" now"`, [`say "hi" now`]],
  [`\\"x\\" y`, [`"x"`, "y"]],
  [`"a\\\\" b`, ["a\\", "b"]],
  [`c:\\dir\\file`, ["c:\\dir\\file"]],
  ["'a b'", ["'a", "b'"]],
  [`"open end`, ["open end"]],
  ["end\\", ["end\\"]],
])("%j becomes %j", (line, args) => {
  expect(splitArguments(line)).toEqual(args);
});
