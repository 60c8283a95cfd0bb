import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { expression, mapping, run } from "./steps.ts";

const SECRET = "s3cr3t-válue/+";
const bytes = Buffer.from(SECRET);

/** Forms in which programs print a value, by what they are called. */
const FORMS: readonly (readonly [form: string, printed: string])[] = [
  ["as it is", SECRET],
  ["in base64", bytes.toString("base64")],
  ["in base64 for URLs", bytes.toString("base64url")],
  ["in base64, after one byte", Buffer.concat([Buffer.from("x"), bytes]).toString("base64")],
  ["in base64, after two bytes", Buffer.concat([Buffer.from("xy"), bytes]).toString("base64")],
  ["in JSON", JSON.stringify({ key: SECRET })],
  ["in JSON of ASCII alone", `"${SECRET.replace("á", "\\u00e1")}"`],
  ["escaped for a URL", encodeURIComponent(SECRET)],
  ["in hexadecimal", bytes.toString("hex")],
];

/** Secrets never leave the runner, in whatever form and by whatever way. */
export const maskCases: readonly ConformanceCase[] = [
  {
    title: "hides a secret that is printed as it is and in every usual encoding",
    run: async (trial) => {
      const steps = FORMS.map((_, index) =>
        run(`printf '%s\\n' "$PRINTED"; echo end`, {
          env: mapping({ PRINTED: expression(`vars.P${index}`) }),
        }),
      );
      const vars = Object.fromEntries(FORMS.map(([, printed], index) => [`P${index}`, printed]));
      await trial.run(steps, trial.withContexts({ secrets: { S: SECRET }, vars }));
      for (const [index, [form, printed]] of FORMS.entries()) {
        expect(trial.said.printed(index), form).toMatch(/\*\*\*[^\n]*\nend\n$/);
        expect(trial.said.everything(), form).not.toContain(printed);
      }
    },
  },
  {
    title: "hides a secret that is printed in pieces, over the borders of chunks",
    run: async (trial) => {
      const script = `printf 's3cr'; sleep 0.4; printf '3t-vál'; printf 'ue/'; sleep 0.4; echo '+'
        head -c 65530 /dev/zero | tr '\\0' x; printf '%s\\n' "$S"`;
      await trial.run(
        [run(script, { env: mapping({ S: expression("secrets.S") }) })],
        trial.withContexts({ secrets: { S: SECRET } }),
      );
      expect(trial.said.printed()).toBe(`***\n${"x".repeat(65_530)}***\n`);
    },
  },
  {
    title: "hides each line of a secret of several lines",
    run: async (trial) => {
      const secret = "-----BEGIN-----\nline-one-of-key\nline-two-of-key\n-----END-----";
      const script = `echo "$S"; echo "line-two-of-""key"`;
      await trial.run(
        [run(script, { env: mapping({ S: expression("secrets.S") }) })],
        trial.withContexts({ secrets: { S: secret } }),
      );
      expect(trial.said.everything()).not.toMatch(/line-(one|two)-of-key/);
      expect(trial.said.printed()).toContain("***");
    },
  },
  {
    title: "hides a secret in annotations, summaries, names and errors",
    run: async (trial) => {
      const env = mapping({ S: expression("secrets.S") });
      const secrets = trial.withContexts({ secrets: { S: SECRET } });
      await trial.run(
        [
          run(`echo "::notice title=$S::about $S"; echo "sum $S" >> "$GITHUB_STEP_SUMMARY"`, {
            env,
            name: expression("format('Use {0}', secrets.S)"),
          }),
          run("true", { workingDirectory: expression("secrets.S"), continueOnError: true }),
          run("true", { shell: expression("secrets.S"), continueOnError: true }),
          run(expression("fromJSON(secrets.S)")),
        ],
        secrets,
      );
      expect(trial.said.of("annotation")[0]?.message).toBe("about ***");
      expect(trial.said.of("summary")[0]?.markdown).toBe("sum ***\n");
      expect(trial.said.everything()).not.toContain(SECRET);
    },
  },
  {
    title: "masks what a step asks to mask, and says so to later readers",
    run: async (trial) => {
      await trial.run([
        run("p=t0k3n; echo ::add-mask::$p-of-step; echo now $p-of-step"),
        run("p=t0k3n; echo then $p-of-step"),
      ]);
      expect(trial.said.text()).not.toContain("t0k3n-of-step");
      expect([trial.said.printed(0), trial.said.printed(1)]).toEqual([
        expect.stringContaining("now ***\n"),
        "then ***\n",
      ]);
      expect(trial.said.of("mask").map(({ value }) => value)).toContain("t0k3n-of-step");
    },
  },
  {
    title: "hides what the request asks to mask besides its secrets",
    run: async (trial) => {
      await trial.run([run("a=other; echo $a-hidden-value")], { masks: ["other-hidden-value"] });
      expect(trial.said.printed()).toBe("***\n");
    },
  },
];
