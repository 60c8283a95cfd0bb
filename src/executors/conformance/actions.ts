import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { expression, mapping, run, uses, writes } from "./steps.ts";

const NODE_ACTION = {
  "action.yml":
    "name: a\ndescription: a\ninputs: {who: {default: you}}\noutputs: {said: {description: d}}\nruns: {using: node20, pre: pre.js, main: main.js, post: post.js}\n",
  "pre.js": `require("fs").appendFileSync(process.env.GITHUB_STATE, "p=before\\n"); console.log("pre here")`,
  "main.js": `const fs = require("fs");
fs.appendFileSync(process.env.GITHUB_STATE, "k=kept\\n");
fs.appendFileSync(process.env.GITHUB_OUTPUT, "said=hi " + process.env.INPUT_WHO + "\\n");
console.log("main " + process.env.STATE_p + " " + process.argv.length);`,
  "post.js": `console.log("post " + process.env.STATE_p + " " + process.env.STATE_k)`,
};

const inFolder = (folder: string, files: { readonly [path: string]: string }) =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));

/** Actions: JavaScript and composite ones, and the checkout. */
export const actionCases: readonly ConformanceCase[] = [
  {
    title: "runs a JavaScript action of the workspace, its post step and its state",
    run: async (trial) => {
      const final = await trial.run(
        [
          run(writes(inFolder("act", NODE_ACTION))),
          uses("./act", { id: "s", with: mapping({ who: "ü" }) }),
          run("echo between"),
        ],
        { outputs: mapping({ said: expression("steps.s.outputs.said") }) },
      );
      expect(final).toMatchObject({ result: "success", outputs: { said: "hi ü" } });
      expect(trial.said.text()).toMatch(/main undefined 2\n[\s\S]*between\n[\s\S]*post undefined kept\n/);
    },
  },
  {
    title: "runs pre, main and post of a published action around the others' steps, with its state",
    needs: ["published actions"],
    run: async (trial) => {
      const published = await trial.place.publishAction?.("some/action@v1", NODE_ACTION);
      const final = await trial.run(
        [run("echo first"), uses("some/action@v1"), run("echo between")],
        published,
      );
      expect(final.result).toBe("success");
      expect(trial.said.text()).toMatch(
        /pre here\n[\s\S]*first\n[\s\S]*main before 2\n[\s\S]*between\n[\s\S]*post before kept\n/,
      );
    },
  },
  {
    title: "runs post steps in the reverse order, also after a failure",
    run: async (trial) => {
      const action = (name: string) =>
        inFolder(name, {
          "action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js, post: post.js}\n",
          "main.js": name === "bad" ? "process.exit(3)" : "",
          "post.js": `console.log("post-of-${name}")`,
        });
      const final = await trial.run([
        run(writes({ ...action("good"), ...action("bad") })),
        uses("./good"),
        uses("./bad"),
      ]);
      expect(final.result).toBe("failure");
      expect(trial.said.steps()[2]).toMatchObject({ outcome: "failure", exitCode: 3 });
      const posts = [...trial.said.text().matchAll(/^post-of-\w+$/gm)].map(([text]) => text);
      expect(posts).toEqual(["post-of-bad", "post-of-good"]);
    },
  },
  {
    title: "runs a composite action with inputs, outputs and steps of its own",
    run: async (trial) => {
      const action = `name: c
description: c
inputs: {n: {required: true}}
outputs: {twice: {value: "\${{ steps.a.outputs.v }}"}}
runs:
  using: composite
  steps:
    - {id: a, shell: sh, run: "echo v=$((2 * \${{ inputs.n }})) >> $GITHUB_OUTPUT; echo at=\${GITHUB_ACTION_PATH##*/}"}
    - {shell: sh, run: "echo inner"}`;
      const final = await trial.run(
        [run(writes({ "comp/action.yml": action })), uses("./comp", { id: "s", with: mapping({ n: "21" }) })],
        { outputs: mapping({ twice: expression("steps.s.outputs.twice") }) },
      );
      expect(final).toMatchObject({ result: "success", outputs: { twice: "42" } });
      expect(trial.said.text()).toMatch(/at=comp\n[\s\S]*inner\n/);
    },
  },
  {
    title: "tells of the exit code of a JavaScript action that breaks",
    run: async (trial) => {
      const files = {
        "act/action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js}\n",
        "act/main.js": `console.error("to standard error"); throw new Error("bröken")`,
      };
      expect((await trial.run([run(writes(files)), uses("./act")])).result).toBe("failure");
      expect(trial.said.steps()[1]).toMatchObject({ outcome: "failure", exitCode: 1 });
      expect(trial.said.text()).toMatch(/to standard error\n[\s\S]*bröken/);
    },
  },
  {
    title: "checks the commit out into the workspace",
    needs: ["checkout"],
    run: async (trial) => {
      const checkout = await trial.place.checkout?.({ "read me ü.txt": "from the commit\n", "bin/x": "x" });
      const final = await trial.run(
        [uses("actions/checkout@v4"), run("cat 'read me ü.txt'; ls bin")],
        checkout === undefined ? {} : { checkout },
      );
      expect(final.result).toBe("success");
      expect(trial.said.printed(1)).toBe("from the commit\nx\n");
    },
  },
];
