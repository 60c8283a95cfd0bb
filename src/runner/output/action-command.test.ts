import { describe, expect, test } from "vitest";
import { parseActionCommand } from "./action-command.ts";

const known = (name: string) => ["warning", "do-it", "stop"].includes(name.toLowerCase());
const parse = (line: string) => {
  const command = parseActionCommand(line, known);
  return command && [command.name, Object.fromEntries(command.properties), command.data];
};

describe("::name properties::data", () => {
  test.each<[string, [string, Record<string, string>, string]]>([
    ["::do-it::", ["do-it", {}, ""]],
    ["::do-it::hello  ", ["do-it", {}, "hello  "]],
    ["::DO-it::x", ["DO-it", {}, "x"]],
    [" \t ::do-it::x", ["do-it", {}, "x"]],
    ["::do-it::a::b", ["do-it", {}, "a::b"]],
    ["::do-it k=v::x", ["do-it", { k: "v" }, "x"]],
    ["::do-it k1=v1,k2=v2::x", ["do-it", { k1: "v1", k2: "v2" }, "x"]],
    ["::do-it  k=a b ::x", ["do-it", { k: "a b" }, "x"]],
    ["::do-it k=a=b=c::x", ["do-it", { k: "a=b=c" }, "x"]],
    ["::do-it k==a,=l=b::x", ["do-it", { k: "a", l: "b" }, "x"]],
    ["::do-it k=,l,,m=1::x", ["do-it", { m: "1" }, "x"]],
    ["::do-it a=1, b=2::x", ["do-it", { a: "1", " b": "2" }, "x"]],
    ["::do-it FILE=a::x", ["do-it", { file: "a" }, "x"]],
    ["::do-it k=%3A%2C%0D%0A%25::%0D%0A%25%3A%2C", ["do-it", { k: ":,\r\n%" }, "\r\n%%3A%2C"]],
    ["::do-it::%250A %2525", ["do-it", {}, "%0A %25"]],
    ["::do-it::100% %zz", ["do-it", {}, "100% %zz"]],
    ["::do-it k=%3B%5D::%3B%5D", ["do-it", { k: "%3B%5D" }, "%3B%5D"]],
    ["::do-it file=a.js,line=1::ключ 🔑", ["do-it", { file: "a.js", line: "1" }, "ключ 🔑"]],
  ])("%j", (line, expected) => {
    expect(parse(line)).toEqual(expected);
  });
});

describe("##[name properties]data", () => {
  test.each<[string, [string, Record<string, string>, string]]>([
    ["##[do-it]", ["do-it", {}, ""]],
    ["##[do-it]x]y", ["do-it", {}, "x]y"]],
    ["text before ##[do-it k=v;l=w]x", ["do-it", { k: "v", l: "w" }, "x"]],
    ["##[do-it k=%3B%5D%0D%0A%25]%3B%5D%0D%0A%25", ["do-it", { k: ";]\r\n%" }, ";]\r\n%"]],
    ["##[do-it k=a,b]x", ["do-it", { k: "a,b" }, "x"]],
    ["::unknown:: ##[do-it]x", ["do-it", {}, "x"]],
  ])("%j", (line, expected) => {
    expect(parse(line)).toEqual(expected);
  });
});

describe("no command", () => {
  test.each([
    "",
    "text",
    "::",
    "::::",
    "::do-it",
    "::do-it:",
    ":: do-it::x",
    "x ::do-it::x",
    "::unknown::x",
    "::do-it\tk=v::x",
    "##[do-it",
    "##[unknown]x",
    "##[ do-it]x",
    "##[unknown]##[do-it]x",
    "# #[do-it]x",
  ])("%j", (line) => {
    expect(parse(line)).toBeUndefined();
  });
});
