import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobServices } from "../../protocol/job-request.ts";
import { GIT_ENV, TestFolder, writeFiles } from "../git/repository.fixture.ts";
import { inputVariable, type JavaScriptActionRequest, javascriptAction } from "./javascript-action.ts";
import type { FolderAction } from "./resolved-action.ts";

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

const SERVICES: JobServices = {
  resultsUrl: "http://127.0.0.1:1/r/",
  cacheUrl: "http://127.0.0.1:1/c/",
  runtimeUrl: "http://127.0.0.1:1/",
  runtimeToken: "jwt",
};

function request(more: Partial<JavaScriptActionRequest> = {}, runs: object = {}): JavaScriptActionRequest {
  const action: FolderAction = {
    kind: "action",
    directory: folder.join("action"),
    root: folder.join("action"),
    uses: "o/r@v1",
    local: false,
    warnings: [],
    spec: { inputs: [], outputs: [], runs: { using: "node20", main: "dist/main.js", ...runs } },
  };
  const env = { PATH: GIT_ENV.PATH ?? "" };
  return {
    action,
    stage: "main",
    inputs: {},
    state: {},
    env,
    nodePath: process.execPath,
    workspace: folder.path,
    ...more,
  };
}

const run = (of: JavaScriptActionRequest): unknown => {
  const { file, args, cwd, env } = javascriptAction(of);
  return JSON.parse(execFileSync(file, args, { cwd, env, encoding: "utf8" }));
};

const PRINT = "console.log(JSON.stringify({env: process.env, cwd: process.cwd()}))";

describe("javascriptAction", () => {
  it("gives inputs, state and services to the process, which runs in the workspace", () => {
    writeFiles(folder.path, { "action/dist/main.js": PRINT });
    const result = run(
      request({
        inputs: { "my input": "a b", "with-hyphen": "", "MiXed.dot": "line1\nline2" },
        state: { pid: "7", "Key-x": "v" },
        env: { PATH: GIT_ENV.PATH ?? "", GITHUB_ACTION: "x", NODE_ICU_DATA: "/elsewhere" },
        services: { ...SERVICES, idTokenRequestUrl: "http://id/", idTokenRequestToken: "idt" },
      }),
    );
    expect(result).toMatchObject({
      cwd: folder.path,
      env: {
        INPUT_MY_INPUT: "a b",
        "INPUT_WITH-HYPHEN": "",
        "INPUT_MIXED.DOT": "line1\nline2",
        STATE_pid: "7",
        "STATE_Key-x": "v",
        GITHUB_ACTION: "x",
        ACTIONS_RUNTIME_URL: "http://127.0.0.1:1/",
        ACTIONS_RUNTIME_TOKEN: "jwt",
        ACTIONS_RESULTS_URL: "http://127.0.0.1:1/r/",
        ACTIONS_CACHE_URL: "http://127.0.0.1:1/c/",
        ACTIONS_CACHE_SERVICE_V2: "True",
        ACTIONS_ID_TOKEN_REQUEST_URL: "http://id/",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "idt",
      },
    });
    expect(JSON.stringify(result)).not.toContain("NODE_ICU_DATA");
  });

  it("offers no services and no id token where the job has none", () => {
    writeFiles(folder.path, { "action/dist/main.js": PRINT });
    expect(Object.keys(javascriptAction(request()).env)).toEqual(["PATH"]);
    const { env } = javascriptAction(request({ services: SERVICES }));
    expect(Object.keys(env).filter((name) => name.includes("ID_TOKEN"))).toEqual([]);
  });

  it.each([
    [
      "CommonJS",
      { "action/dist/main.js": `const p = require("node:path"); console.log(JSON.stringify(p.sep))` },
      "/",
    ],
    [
      "an ES module by its package",
      {
        "action/package.json": '{"type":"module"}',
        "action/dist/main.js": `import { sep } from "node:path"; console.log(JSON.stringify(await sep))`,
      },
      "/",
    ],
  ])("runs %s", (_, files, printed) => {
    writeFiles(folder.path, files);
    expect(run(request())).toBe(printed);
  });

  it.each(["node12", "node16", "node20", "node24"])("runs %s on the node that was brought", (using) => {
    writeFiles(folder.path, { "action/dist/main.js": "" });
    expect(javascriptAction(request({}, { using })).file).toBe(process.execPath);
  });

  it("takes the file of the stage", () => {
    writeFiles(folder.path, { "action/pre.js": "", "action/p o/st.js": "", "action/dist/main.js": "" });
    const runs = { pre: "pre.js", post: "p o/st.js" };
    const fileOf = (stage: "pre" | "main" | "post") => javascriptAction(request({ stage }, runs)).args;
    expect([fileOf("pre"), fileOf("main"), fileOf("post")]).toEqual([
      [folder.join("action/pre.js")],
      [folder.join("action/dist/main.js")],
      [folder.join("action/p o/st.js")],
    ]);
  });

  it("says which file is missing and why that may be", () => {
    expect(() => javascriptAction(request())).toThrow(
      /File not found: '.*dist\/main\.js', which 'o\/r@v1' names as `main: dist\/main\.js`.*built/,
    );
    writeFiles(folder.path, { "action/dist/main.js/x": "" });
    expect(() => javascriptAction(request())).toThrow(/File not found/);
  });

  it("refuses a stage the action does not have, and an action that is not JavaScript", () => {
    expect(() => javascriptAction(request({ stage: "post" }))).toThrow(/no JavaScript action with a `post`/);
    expect(() => javascriptAction(request({}, { using: "composite" }))).toThrow(/\(composite\)/);
  });
});

describe("inputVariable", () => {
  it.each([
    ["a b  c", "INPUT_A_B__C"],
    ["with-hyphen", "INPUT_WITH-HYPHEN"],
    ["straße", "INPUT_STRAßE"],
    ["é\tx", "INPUT_É\tX"],
  ])("names the input '%s' %s", (name, variable) => {
    expect(inputVariable(name)).toBe(variable);
  });
});
