import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { expression, mapping, run } from "./steps.ts";

/** The outputs of a job, each of which is the same output of its step `s`. */
const outputsOf = (...names: readonly string[]) => ({
  outputs: mapping(Object.fromEntries(names.map((name) => [name, expression(`steps.s.outputs.${name}`)]))),
});

/** What steps hand on: outputs, environment, path, files. */
export const outputCases: readonly ConformanceCase[] = [
  {
    title: "hands outputs from steps to the job, whatever characters they hold",
    run: async (trial) => {
      const script = `echo "one=a=b" >> "$GITHUB_OUTPUT"; printf 'many<<X\\n1 ünï\\n\\n😀 "q"\\nX\\n' >> "$GITHUB_OUTPUT"`;
      const final = await trial.run([run(script, { id: "s" })], outputsOf("one", "many"));
      expect(final.outputs).toEqual({ one: "a=b", many: '1 ünï\n\n😀 "q"' });
      expect(trial.said.steps()[0]?.outputs).toEqual(final.outputs);
    },
  },
  {
    title: "hands an output of a megabyte on, byte for byte",
    run: async (trial) => {
      const script = `{ printf 'big='; head -c 1000000 /dev/zero | tr '\\0' y; echo; } >> "$GITHUB_OUTPUT"`;
      const final = await trial.run([run(script, { id: "s" })], outputsOf("big"));
      const digest = (text = "") => createHash("sha256").update(text).digest("hex");
      expect(digest(final.outputs.big)).toBe(digest("y".repeat(1_000_000)));
    },
  },
  {
    title: "tells an output that is empty from one that is not there",
    run: async (trial) => {
      const final = await trial.run([run(`echo "empty=" >> "$GITHUB_OUTPUT"`, { id: "s" })], {
        outputs: mapping({
          empty: expression("format('[{0}]', steps.s.outputs.empty)"),
          none: expression("steps.s.outputs.none == null"),
        }),
      });
      expect(final.outputs).toMatchObject({ empty: "[]", none: "true" });
      expect(trial.said.steps()[0]?.outputs).toEqual({ empty: "" });
    },
  },
  {
    title: "hands a thousand outputs on",
    run: async (trial) => {
      const script = `i=0; while [ $i -lt 1000 ]; do echo "o$i=value $i"; i=$((i+1)); done >> "$GITHUB_OUTPUT"`;
      await trial.run([run(script, { id: "s" })]);
      expect(trial.said.steps()[0]?.outputs).toEqual(
        Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`o${index}`, `value ${index}`])),
      );
    },
  },
  {
    title: "keeps the outputs of a step that failed, and of the job",
    run: async (trial) => {
      const script = `echo "found=it" >> "$GITHUB_OUTPUT"; exit 1`;
      const final = await trial.run([run(script, { id: "s" })], outputsOf("found"));
      expect(final).toMatchObject({ result: "failure", outputs: { found: "it" } });
    },
  },
  {
    title: "hands environment and path from step to step",
    run: async (trial) => {
      await trial.run([
        run(`mkdir tools; printf '#!/bin/sh\\necho from-tool' > tools/mine; chmod +x tools/mine
             echo "$PWD/tools" >> "$GITHUB_PATH"; printf 'NAME=value ü\\nLINES<<E\\n1\\n2\\nE\\n' >> "$GITHUB_ENV"`),
        run(`mine; echo "[$NAME][$LINES]"`),
      ]);
      expect(trial.said.printed(1)).toBe("from-tool\n[value ü][1\n2]\n");
    },
  },
  {
    title: "lets the innermost environment win: of the step, the job, the workflow",
    run: async (trial) => {
      const all = { env: [mapping({ A: "w", B: "w", C: "w" }), mapping({ B: "j", C: "j" })] };
      await trial.run([run('echo "$A$B$C"', { env: mapping({ C: "s" }) })], all);
      expect(trial.said.printed()).toBe("wjs\n");
    },
  },
  {
    title: "hands environment and arguments on as they are, in any script and quoting",
    run: async (trial) => {
      const value = `ünï 😀 "double" 'single' \`tick\` $HOME \\n * ; & | %PATH%  two`;
      await trial.run([run('printf "%s" "$ODD"', { env: mapping({ ODD: value }) })]);
      expect(trial.said.printed()).toBe(value);
    },
  },
  {
    title: "gives every step the same workspace, which it makes, and a folder for what is temporary",
    run: async (trial) => {
      const request = trial.request([
        run(`echo "cwd=$PWD ws=$GITHUB_WORKSPACE temp=$(ls -d "$RUNNER_TEMP")"; ls -A | wc -l | tr -d ' '
             mkdir -p 'söme dir' && echo kept > 'söme dir/ä.txt'`),
        run(`cat 'söme dir/ä.txt'; echo x > "$RUNNER_TEMP/y" && cat "$RUNNER_TEMP/y"`),
      ]);
      await trial.end(await trial.startRequest(request));
      const { workspace, temp } = trial.place.paths(request);
      expect(trial.said.printed(0)).toBe(`cwd=${workspace} ws=${workspace} temp=${temp}\n0\n`);
      expect(trial.said.printed(1)).toBe("kept\nx\n");
    },
  },
  {
    title: "runs a step in the folder that it names",
    run: async (trial) => {
      await trial.run([
        run("mkdir -p deep/dir"),
        run(`echo "\${PWD#"$GITHUB_WORKSPACE"/}"`, { workingDirectory: "deep/dir" }),
      ]);
      expect(trial.said.printed(1)).toBe("deep/dir\n");
    },
  },
  {
    title: "gives steps a home that can be written to",
    run: async (trial) => {
      await trial.run([run('echo home > "$HOME/conformance-file" && cat "$HOME/conformance-file"')]);
      expect(trial.said.printed()).toBe("home\n");
    },
  },
  {
    title: "gives steps nothing of the executor's own environment",
    run: async (trial) => {
      process.env.SLIPWAY_CONFORMANCE_LEAK = "leaked";
      try {
        await trial.run([run("env; cat /proc/self/environ | tr '\\0' '\\n'")]);
      } finally {
        delete process.env.SLIPWAY_CONFORMANCE_LEAK;
      }
      expect(trial.said.printed()).toContain("GITHUB_ACTIONS=true");
      expect(trial.said.printed()).not.toMatch(/^SLIPWAY_/m);
    },
  },
  {
    title: "gives steps the environment of the request",
    needs: ["host environment"],
    run: async (trial) => {
      const { baseEnv } = trial.place.request("job");
      await trial.run([run('echo "$FROM_REQUEST"')], { baseEnv: { ...baseEnv, FROM_REQUEST: "given" } });
      expect(trial.said.printed()).toBe("given\n");
    },
  },
  {
    title: "gives steps an empty standard input",
    run: async (trial) => {
      await trial.run([run('cat; read line || echo "nothing: [$line]"')]);
      expect(trial.said.printed()).toBe("nothing: []\n");
    },
  },
  {
    title: "has a clock that goes right, and time zones by the environment",
    run: async (trial) => {
      const before = Date.now();
      await trial.run([run("date +%s; TZ=XXX-3 date -d @0 +%H; TZ=UTC0 date -d @0 +%H")]);
      const [seconds, ...hours] = trial.said.printed().trimEnd().split("\n");
      const toleranceMs = 60_000;
      expect(Number(seconds) * 1000).toBeGreaterThan(before - toleranceMs);
      expect(Number(seconds) * 1000).toBeLessThan(Date.now() + toleranceMs);
      expect(hours).toEqual(["03", "00"]);
      for (const { at } of trial.said.frames) expect(Math.abs(at - before)).toBeLessThan(10 * toleranceMs);
    },
  },
];
