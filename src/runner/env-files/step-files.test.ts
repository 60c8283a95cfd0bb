import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createStepFiles, type StepFiles } from "./step-files.ts";

let directory: string;
let files: StepFiles;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "step files "));
  files = createStepFiles(join(directory, "commands"), 1);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (variable: string, content: string | Uint8Array) => {
  appendFileSync(files.env[variable] ?? "", content);
};
const NOTHING = { env: [], outputs: [], state: [], paths: [], errors: [] };

describe("the files of a step", () => {
  test("are there and empty when it starts", () => {
    const { GITHUB_ARTIFACTS_LIST: list, ...rest } = files.env;
    expect(Object.keys(rest).sort()).toEqual([
      "GITHUB_ARTIFACTS",
      "GITHUB_ENV",
      "GITHUB_OUTPUT",
      "GITHUB_PATH",
      "GITHUB_STATE",
      "GITHUB_STEP_SUMMARY",
    ]);
    for (const path of Object.values(rest)) expect(readFileSync(path, "utf8")).toBe("");
    expect(readFileSync(list ?? "", "utf8")).toBe('{"version":1,"subjects":[]}');
    expect(files.read()).toEqual(NOTHING);
  });

  test("are other files than those of the next step", () => {
    const next = createStepFiles(join(directory, "commands"), 2);
    write("GITHUB_ENV", "A=1\n");
    expect(next.read()).toEqual(NOTHING);
    expect(new Set([...Object.values(files.env), ...Object.values(next.env)]).size).toBe(14);
  });

  test("are gone when they are removed", () => {
    files.remove();
    expect(Object.values(files.env).filter((path) => existsSync(path))).toEqual([]);
  });

  test("show the artifacts that are declared so far, by name", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const declared = new Map([
      ["b", { name: "b", digest, kind: "file" as const }],
      ["a", { name: "a", digest, kind: "oci" as const }],
    ]);
    const { env } = createStepFiles(directory, 3, declared);
    expect(JSON.parse(readFileSync(env.GITHUB_ARTIFACTS_LIST ?? "", "utf8"))).toEqual({
      version: 1,
      subjects: [
        { name: "a", digest, kind: "oci" },
        { name: "b", digest, kind: "file" },
      ],
    });
  });
});

describe("what a step wrote", () => {
  test("is read from each", () => {
    write("GITHUB_ENV", "A=1\n");
    write("GITHUB_OUTPUT", "out<<X\n1\n2\nX\n");
    write("GITHUB_STATE", "s=t\n");
    write("GITHUB_PATH", "/one\n\n/two words\r\n");
    write("GITHUB_STEP_SUMMARY", "# Hi\n");
    write("GITHUB_ARTIFACTS", "dist/app.tgz\n");
    expect(files.read()).toEqual({
      env: [["A", "1"]],
      outputs: [["out", "1\n2"]],
      state: [["s", "t"]],
      paths: ["/one", "/two words"],
      summary: "# Hi\n",
      artifacts: "dist/app.tgz\n",
      errors: [],
    });
  });

  test("may be missing: a file it removed is as good as empty", () => {
    for (const path of Object.values(files.env)) rmSync(path);
    expect(files.read()).toEqual(NOTHING);
    rmSync(join(directory, "commands"), { recursive: true });
    expect(files.read()).toEqual(NOTHING);
    files.remove();
  });

  test.each<[string, Buffer]>([
    ["UTF-8 with a byte order mark", Buffer.from("\uFEFFA=é🔑\n")],
    ["UTF-16 as PowerShell writes it", Buffer.from("\uFEFFA=é🔑\r\n", "utf16le")],
    ["big-endian UTF-16", Buffer.from("\uFEFFA=é🔑\r\n", "utf16le").swap16()],
  ])("may be %s", (_, bytes) => {
    write("GITHUB_ENV", bytes);
    expect(files.read().env).toEqual([["A", "é🔑"]]);
  });

  test("may be huge", () => {
    const value = "🔑 value ".repeat(1_000_000);
    write("GITHUB_OUTPUT", `big=${value}\n`);
    expect(files.read().outputs[0]?.[1] === value).toBe(true);
  });
});

describe("what is wrong", () => {
  test("a bad line fails the step, and what stands before it counts", () => {
    write("GITHUB_OUTPUT", "a=1\nnonsense\nb=2\n");
    expect(files.read()).toEqual({
      ...NOTHING,
      outputs: [["a", "1"]],
      errors: [
        {
          messages: ["Unable to process file command 'output' successfully.", "Invalid format 'nonsense'"],
          failsStep: true,
        },
      ],
    });
  });

  test("a bad file keeps none of the others from being read", () => {
    write("GITHUB_ENV", "nonsense\n");
    write("GITHUB_OUTPUT", "a=1\n");
    expect(files.read()).toMatchObject({ outputs: [["a", "1"]], errors: [{ failsStep: true }] });
  });

  test.each(["NODE_OPTIONS", "node_options"])("%s cannot be set, which does not fail the step", (name) => {
    write("GITHUB_ENV", `${name}=--inspect\nA=1\n`);
    const message = "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.";
    expect(files.read()).toEqual({
      ...NOTHING,
      env: [["A", "1"]],
      errors: [{ messages: [message], failsStep: false }],
    });
  });

  test("NODE_OPTIONS may be an output", () => {
    write("GITHUB_OUTPUT", "NODE_OPTIONS=x\n");
    expect(files.read()).toMatchObject({ outputs: [["NODE_OPTIONS", "x"]], errors: [] });
  });

  test("a summary of 1 MiB is taken, one of a byte more is not, which does not fail the step", () => {
    write("GITHUB_STEP_SUMMARY", "x".repeat(1_048_576));
    expect(files.read().summary).toHaveLength(1_048_576);
    write("GITHUB_STEP_SUMMARY", "x".repeat(1_024));
    const { summary, errors } = files.read();
    expect(summary).toBeUndefined();
    expect(errors).toEqual([
      {
        messages: [expect.stringContaining("supports content up to a size of 1024k, got 1025k.")],
        failsStep: false,
      },
    ]);
  });

  test("a GITHUB_ARTIFACTS file of more than 1 MiB fails the step", () => {
    write("GITHUB_ARTIFACTS", "x".repeat(1_048_577));
    expect(files.read().errors).toEqual([
      {
        messages: [
          "Unable to process file command 'artifacts' successfully.",
          "$GITHUB_ARTIFACTS file exceeds the maximum size of 1024 KiB (got 1024 KiB).",
        ],
        failsStep: true,
      },
    ]);
  });

  test("a folder in the place of a file is an error, not a crash", () => {
    rmSync(files.env.GITHUB_ENV ?? "");
    mkdirSync(files.env.GITHUB_ENV ?? "");
    expect(files.read().errors).toEqual([
      {
        messages: ["Unable to process file command 'env' successfully.", expect.any(String)],
        failsStep: true,
      },
    ]);
  });

  test("a folder that cannot be made is thrown, with its name", () => {
    writeFileSync(join(directory, "file"), "");
    expect(() => createStepFiles(join(directory, "file", "x"), 1)).toThrow(/file\/x/);
  });
});
