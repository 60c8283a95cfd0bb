import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "./find-program.ts";
import { resolveShell } from "./resolve-shell.ts";

let root: string;
let path: string;
let onlySh: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "shells "));
  const program = (folder: string, name: string, mode = 0o755) => {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, name), "#!/bin/sh\n");
    chmodSync(join(root, folder, name), mode);
  };
  for (const name of ["bash", "sh", "pwsh", "powershell", "python", "node", "cmd", "perl", "cp"])
    program("bin", name);
  program("sh only", "sh");
  program("python3 only", "python3");
  program("first", "perl");
  program("plain", "perl", 0o644);
  mkdirSync(join(root, "folder/perl"), { recursive: true });
  mkdirSync(join(root, "broken"));
  symlinkSync("/no/such", join(root, "broken/perl"));
  path = join(root, "bin");
  onlySh = join(root, "sh only");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const lookup = (...folders: string[]) => ({ path: folders.join(":"), cwd: root });

describe("GitHub's shells", () => {
  test.each<[string | undefined, string, string[], string]>([
    [undefined, "bash", ["-e", "/t/s"], ".sh"],
    ["", "bash", ["-e", "/t/s"], ".sh"],
    ["bash", "bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "/t/s"], ".sh"],
    ["sh", "sh", ["-e", "/t/s"], ".sh"],
    ["pwsh", "pwsh", ["-command", ". '/t/s'"], ".ps1"],
    ["powershell", "powershell", ["-command", ". '/t/s'"], ".ps1"],
    ["python", "python", ["/t/s"], ".py"],
    ["node", "node", ["/t/s"], ".js"],
    ["bash -x {0}", "bash", ["-x", "/t/s"], ".sh"],
    ["bash  -l   {0}  ", "bash", ["-l", "/t/s"], ".sh"],
    ["perl {0}", "perl", ["/t/s"], ""],
    ["perl -w {0} again {0}", "perl", ["-w", "/t/s", "again", "/t/s"], ""],
    ["cp {0} action.yml", "cp", ["/t/s", "action.yml"], ""],
    [`perl "a b" {0}`, "perl", ["a b", "/t/s"], ""],
  ])("%j", (shell, program, args, extension) => {
    const resolved = resolveShell(shell, lookup(path));
    expect({ ...resolved, args: resolved.args("/t/s") }).toMatchObject({
      file: join(path, program),
      args,
      extension,
    });
  });

  test("python is python3 where there is nothing of the shorter name", () => {
    const found = resolveShell("python", lookup(join(root, "python3 only")));
    expect(found.file).toBe(join(root, "python3 only", "python3"));
    expect(() => resolveShell("python", lookup(onlySh))).toThrow("python: command not found");
  });

  test("where none is named and there is no bash, sh", () => {
    expect(resolveShell(undefined, lookup(onlySh))).toMatchObject({
      file: join(onlySh, "sh"),
      extension: ".sh",
    });
  });

  test("the log says which and how", () => {
    expect(resolveShell("bash", lookup(path)).display).toBe(
      `${path}/bash --noprofile --norc -e -o pipefail {0}`,
    );
    expect(resolveShell(undefined, lookup(path)).display).toBe(`${path}/bash -e {0}`);
  });

  test("a script's path may have spaces, quotes and dollar signs", () => {
    const script = `/a b/it's "$&"`;
    expect(resolveShell("sh", lookup(path)).args(script)).toEqual(["-e", script]);
    expect(resolveShell("pwsh", lookup(path)).args(script)).toEqual(["-command", `. '/a b/it''s "$&"'`]);
  });
});

describe("scripts", () => {
  test.each([undefined, "bash", "sh", "python", "node", "perl {0}"])(
    "of %s are written as they are",
    (shell) => {
      const script = "one\r\ntwo\n";
      expect(resolveShell(shell, lookup(path)).prepare(script)).toBe(script);
    },
  );

  test.each(["pwsh", "powershell", "pwsh -File {0}"])(
    "of %s stop at an error and end with its last exit code",
    (shell) => {
      expect(resolveShell(shell, lookup(path)).prepare("do-it")).toBe(
        "$ErrorActionPreference = 'stop'\ndo-it\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }",
      );
    },
  );

  test("of cmd have Windows line ends", () => {
    expect(resolveShell("cmd", lookup(path)).prepare("a\nb\r\nc")).toBe("@echo off\r\na\r\nb\r\nc");
  });
});

describe("mistakes", () => {
  test.each(["perl", "perl -w", "zsh", "bash -x", "bash {1}", "fish"])(
    "%s without {0} is no shell",
    (shell) => {
      expect(() => resolveShell(shell, lookup(path))).toThrow(
        expect.objectContaining({
          code: "InvalidSpec",
          message: `Invalid shell option '${shell}'. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh, python, node) or a format string containing '{0}'`,
        }),
      );
    },
  );

  test("an interpreter that is not there is named, and where it was looked for", () => {
    expect(() => resolveShell("pwsh", lookup("/one", "/two"))).toThrow(
      expect.objectContaining({
        code: "NotFound",
        message: "pwsh: command not found. Make sure it is installed. PATH of this step: /one:/two",
      }),
    );
  });

  test("neither bash nor sh", () => {
    expect(() => resolveShell(undefined, lookup())).toThrow(
      /^sh: command not found.* PATH of this step: empty$/,
    );
  });

  test("a path that is not there", () => {
    expect(() => resolveShell("./no/such {0}", lookup(path))).toThrow(
      `./no/such: command not found. There is no such executable file (looked from "${root}").`,
    );
  });
});

describe("a program is found", () => {
  test.each<[string, string[], string | undefined]>([
    ["in the first folder of PATH that has it", ["first", "bin"], "first/perl"],
    ["not where the file may not be executed", ["plain", "bin"], "bin/perl"],
    ["not where it is a folder", ["folder", "bin"], "bin/perl"],
    ["not where it is a broken link", ["broken", "bin"], "bin/perl"],
    ["not where PATH names a folder that is not there", ["none", "bin"], "bin/perl"],
    ["nowhere", ["sh only"], undefined],
  ])("%s", (_, folders, expected) => {
    const absolute = folders.map((folder) => join(root, folder));
    expect(findProgram("perl", lookup(...absolute))).toBe(expected && join(root, expected));
  });

  test("in relative folders from the working directory, and never in an empty one", () => {
    expect(findProgram("perl", lookup("", "first"))).toBe(join(root, "first/perl"));
    expect(findProgram("perl", { path: ":", cwd: join(root, "first") })).toBeUndefined();
  });

  test("by its path", () => {
    expect(findProgram("./first/perl", lookup())).toBe(join(root, "first/perl"));
    expect(findProgram(join(root, "first/perl"), lookup())).toBe(join(root, "first/perl"));
    expect(findProgram("./plain/perl", lookup())).toBeUndefined();
  });
});
