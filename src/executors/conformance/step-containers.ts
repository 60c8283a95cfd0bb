import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { expression, mapping, run, uses, when, writes } from "./steps.ts";

const inStep = (image: string, entrypoint: string, args: string, more = {}) =>
  uses(`docker://${image}`, { with: mapping({ entrypoint, args }), ...more });

/** Steps in containers beside the job's own: `docker://` and docker actions. */
export const stepContainerCases: readonly ConformanceCase[] = [
  {
    title: "runs a docker:// step with the image's entrypoint and the arguments that it is given",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.withEntrypoint;
      const step = uses(`docker://${image}`, { with: mapping({ args: `one "two words" "ü 😀"` }) });
      expect((await trial.run([step], trial.withStepImages(image))).result).toBe("success");
      expect(trial.said.text()).toContain("entry: [one] [two words] [ü 😀]\n");
    },
  },
  {
    title: "runs a docker:// step in the workspace, and hands its environment files on",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.plain;
      const script = `cat from-job; echo "$GITHUB_WORKSPACE=$PWD"; echo "o=of the step" >> "$GITHUB_OUTPUT"; echo "E=env" >> "$GITHUB_ENV"; echo x > from-step`;
      const final = await trial.run(
        [
          run(`echo made-by-the-job > from-job; printf '%s\\n' '${script}' > script.sh`),
          inStep(image, "/bin/sh", "script.sh", { id: "s" }),
          run('echo "$E"; cat from-step'),
        ],
        { ...trial.withStepImages(image), outputs: mapping({ o: expression("steps.s.outputs.o") }) },
      );
      expect(trial.said.text()).toContain("made-by-the-job\n/github/workspace=/github/workspace\n");
      expect(final).toMatchObject({ result: "success", outputs: { o: "of the step" } });
      expect(trial.said.printed(2)).toBe("env\nx\n");
    },
  },
  {
    title: "reports the exit code of a docker:// step",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.plain;
      const step = inStep(image, "/bin/sh", `-c "echo out; echo err >&2; exit 42"`);
      expect((await trial.run([step], trial.withStepImages(image))).result).toBe("failure");
      expect(trial.said.steps()[0]).toMatchObject({ outcome: "failure", exitCode: 42 });
      expect(trial.said.text()).toContain("out\nerr\n");
    },
  },
  {
    title: "runs a docker:// step of an image without a shell",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.noShell;
      const step = inStep(image, "/busybox", "echo out of nothing");
      expect((await trial.run([step], trial.withStepImages(image))).result).toBe("success");
      expect(trial.said.text()).toContain("out of nothing\n");
    },
  },
  {
    title: "keeps much output of a docker:// step whole",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.plain;
      await trial.run([inStep(image, "/bin/seq", "1 100000")], trial.withStepImages(image));
      const lines = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("");
      expect(trial.said.text().includes(lines)).toBe(true);
    },
  },
  {
    title: "cancels a docker:// step: it is interrupted, and ends",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.plain;
      const marker = trial.marker();
      const script = `trap 'echo last word; exit 0' INT; echo ready; while :; do sleep 0.05; done`;
      const job = await trial.start(
        [
          run(writes({ "s.sh": script })),
          inStep(image, "/bin/sh", "s.sh", { env: mapping({ CONFORMANCE_MARKER: marker }) }),
          run("echo cleaning", when("always()")),
        ],
        trial.withStepImages(image),
      );
      await trial.said.until("\nready\n");
      expect(await trial.place.isAlive(marker)).toBe(true);
      job.cancel("enough");
      expect((await trial.end(job)).result).toBe("cancelled");
      expect(trial.said.text()).toContain("last word\n");
      expect(trial.said.printed(2)).toBe("cleaning\n");
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "keeps secrets of a docker:// step out of every description of its container",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.plain;
      const secret = trial.marker();
      const script = `echo ready; test -n "$TOLD" && echo told; while :; do sleep 0.05; done`;
      const env = mapping({ TOLD: expression("secrets.S") });
      const job = await trial.start(
        [run(writes({ "s.sh": script })), inStep(image, "/bin/sh", "s.sh", { env })],
        { ...trial.withStepImages(image), ...trial.withContexts({ secrets: { S: secret } }) },
      );
      await trial.said.until("\ntold\n");
      expect(await trial.place.exposed(secret)).toEqual([]);
      job.cancel("seen");
      await trial.end(job);
    },
  },
  {
    title: "runs a docker action of the workspace with its inputs, arguments and outputs",
    needs: ["step containers"],
    run: async (trial) => {
      const image = trial.images.withEntrypoint;
      const action = `name: d
description: d
inputs: {who: {default: nobody}}
runs:
  using: docker
  image: docker://${image}
  args: ["hello \${{ inputs.who }}", "-x"]`;
      const final = await trial.run(
        [run(writes({ "dock/action.yml": action })), uses("./dock", { with: mapping({ who: "you ü" }) })],
        trial.withStepImages(image),
      );
      expect(final.result).toBe("success");
      expect(trial.said.text()).toContain("entry: [hello you ü] [-x]\n");
    },
  },
  {
    title: "builds the image of a docker action from its Dockerfile",
    needs: ["step containers", "image builds"],
    run: async (trial) => {
      const files = {
        "dock/action.yml":
          "name: d\ndescription: d\nruns: {using: docker, image: Dockerfile, args: [built]}\n",
        "dock/Dockerfile": `FROM ${trial.images.plain}\nENV BUILT=yes\nENTRYPOINT ["/bin/sh", "-c", "echo $BUILT: $0"]\n`,
      };
      expect((await trial.run([run(writes(files)), uses("./dock")])).result).toBe("success");
      expect(trial.said.text()).toContain("yes: built\n");
    },
  },
  {
    title: "fails a docker:// step whose image does not exist, naming it, and not the job's place",
    needs: ["step containers", "missing image", "image builds"],
    run: async (trial) => {
      const image = trial.place.infrastructure?.missingImage ?? "";
      const final = await trial.run(
        [uses(`docker://${image}`), run("echo after", when("always()"))],
        trial.withStepImages(image),
      );
      expect(final.result).toBe("failure");
      expect(trial.said.everything()).toContain(image);
      expect(trial.said.printed(1)).toBe("after\n");
    },
  },
];
