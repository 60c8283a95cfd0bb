import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { expression, mapping, run, uses, writes } from "./steps.ts";

/** Jobs in images of every kind: the image's own programs and settings, no shell, another user, nothing to write to. */
export const imageCases: readonly ConformanceCase[] = [
  {
    title: "runs a job in the image that it names, with the image's environment and its PATH first",
    needs: ["images"],
    run: async (trial) => {
      await trial.run(
        [run(`own-tool; echo "$FROM_IMAGE"; echo "\${PATH%%:*}"`)],
        trial.inImage(trial.images.plain),
      );
      expect(trial.said.printed()).toBe("the image's own\nof the image\n/image/bin\n");
    },
  },
  {
    title: "runs a job in the image that its label leads to",
    needs: ["images"],
    run: async (trial) => {
      await trial.run([run("own-tool")]);
      expect(trial.said.printed()).toBe("the image's own\n");
    },
  },
  {
    title: "lets the container's environment win over the image's, and the pipeline's over both",
    needs: ["images"],
    run: async (trial) => {
      const image = trial.inImage(trial.images.plain, {
        env: { FROM_IMAGE: "of the ``container'' ü", MORE: "a=b" },
      });
      const overruled = run('echo "$FROM_IMAGE"', { env: mapping({ FROM_IMAGE: "of the step" }) });
      await trial.run([run('echo "$FROM_IMAGE|$MORE"'), overruled], image);
      expect(trial.said.printed(0)).toBe("of the ``container'' ü|a=b\n");
      expect(trial.said.printed(1)).toBe("of the step\n");
    },
  },
  {
    title: "leaves the locale to the image",
    needs: ["images"],
    run: async (trial) => {
      await trial.run([run(`echo "[$LANG][\${LC_ALL-unset}]"; date +%Z`)], trial.inImage(trial.images.plain));
      expect(trial.said.printed()).toBe("[C.UTF-8][unset]\nUTC\n");
    },
  },
  {
    title: "shows steps nothing of the kit: not on the PATH, not in their libraries or settings of git",
    needs: ["images"],
    run: async (trial) => {
      const look =
        "env | grep -E '^(SLIPWAY_|LD_|GIT_|NODE_|SSL_)' || echo none; command -v node || echo no-node; echo $PATH";
      await trial.run([run(look)], trial.inImage(trial.images.plain));
      expect(trial.said.printed()).toBe("none\nno-node\n/image/bin:/bin\n");
    },
  },
  {
    title: "keeps settings of node for what steps start, and out of its own node",
    needs: ["images"],
    run: async (trial) => {
      const env = {
        NODE_OPTIONS: "--require /nowhere.js",
        NODE_PATH: "/of/image",
        NODE_ICU_DATA: "/nowhere",
        OPENSSL_CONF: "/nowhere.cnf",
        "a-name.no-shell-spells": "kept",
      };
      const look = run('echo "$NODE_OPTIONS|$NODE_PATH|$NODE_ICU_DATA|$OPENSSL_CONF"');
      const files = {
        "act/action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js}\n",
        "act/main.js": "console.log(process.title, process.env['a-name.no-shell-spells'])",
      };
      const titled = uses("./act", {
        env: mapping({ NODE_OPTIONS: "--title=by-its-options", NODE_ICU_DATA: "", OPENSSL_CONF: "" }),
      });
      const image = trial.inImage(trial.images.plain, { env });
      const final = await trial.run([look, run(writes(files)), titled], image);
      expect(trial.said.printed(0)).toBe("--require /nowhere.js|/of/image|/nowhere|/nowhere.cnf\n");
      expect(trial.said.printed(2)).toContain("by-its-options kept\n");
      expect(final.result).toBe("success");
    },
  },
  {
    title: "runs a job in an image whose PATH and HOME are empty",
    needs: ["images"],
    run: async (trial) => {
      const image = trial.inImage(trial.images.plain, { env: { PATH: "", HOME: "" } });
      const final = await trial.run([run('cd "$HOME" && touch mine && ls; echo "$PATH"')], image);
      expect(final.result).toBe("success");
      expect(trial.said.printed()).toBe(
        "mine\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
      );
    },
  },
  {
    title: "runs a job in an image whose PATH names folders that are not there, and no absolute one",
    needs: ["images"],
    run: async (trial) => {
      const image = trial.inImage(trial.images.plain, { env: { PATH: ":nowhere:/not/there/:" } });
      const final = await trial.run([run('echo "by the kit\'s sh"; echo "o=1" >> "$GITHUB_OUTPUT"')], image);
      expect(final.result).toBe("success");
      expect(trial.said.printed()).toBe("by the kit's sh\n");
    },
  },
  {
    title: "gives steps a folder for temporary files and a home where the image has neither",
    needs: ["images"],
    run: async (trial) => {
      const script =
        'echo temporary > "$TMPDIR/file" && echo own > "$HOME/file" && /busybox cat "$TMPDIR/file" "$HOME/file"';
      const final = await trial.run([run(script)], trial.inImage(trial.images.noShell));
      expect(final.result).toBe("success");
      expect(trial.said.printed()).toBe("temporary\nown\n");
    },
  },
  {
    title: "buries the processes that steps lose",
    needs: ["images"],
    run: async (trial) => {
      const script = `i=0; while [ $i -lt 200 ]; do (true &); i=$((i + 1)); done
        while grep -qs '^State:.Z' /proc/[0-9]*/status; do sleep 0.05; done; echo "none is left"`;
      await trial.run([run(script)], trial.inImage(trial.images.plain));
      expect(trial.said.printed()).toBe("none is left\n");
    },
  },
  {
    title: "starts a job in an image with an entrypoint of its own without running that",
    needs: ["images"],
    run: async (trial) => {
      const final = await trial.run([run("echo step")], trial.inImage(trial.images.withEntrypoint));
      expect(final.result).toBe("success");
      expect(trial.said.text() + trial.said.notes.join("\n")).not.toContain("entry:");
    },
  },
  {
    title: "runs scripts in an image without a shell by the kit's",
    needs: ["images"],
    run: async (trial) => {
      await trial.run([run('echo "in nothing: $FROM_IMAGE"; exit 5')], trial.inImage(trial.images.noShell));
      expect(trial.said.printed()).toContain("in nothing: of the image\n");
      expect(trial.said.steps()[0]?.exitCode).toBe(5);
    },
  },
  {
    title: "runs a program of an image without a shell by itself",
    needs: ["images"],
    run: async (trial) => {
      const step = run("by the image's own program\n", { shell: "/busybox cat {0}" });
      expect((await trial.run([step], trial.inImage(trial.images.noShell))).result).toBe("success");
      expect(trial.said.printed()).toBe("by the image's own program\n");
    },
  },
  {
    title: "runs JavaScript actions in an image that has no node, nor anything else",
    needs: ["images"],
    run: async (trial) => {
      const files = {
        "act/action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js}\n",
        "act/main.js": `console.log("node in nothing: " + process.env.FROM_IMAGE + " " + require("os").EOL.length)`,
      };
      const script = Object.entries(files).map(([path, text]) => `echo '${text}' > ${path}`);
      // The kit's sh has no programs beside it: builtins, and the image's one file.
      const make = run(`/busybox mkdir act\n${script.join("\n")}`);
      await trial.run([make, uses("./act")], trial.inImage(trial.images.noShell));
      expect(trial.said.printed(1)).toContain("node in nothing: of the image 1\n");
    },
  },
  {
    title: "runs a job as the user of its image, with that user's home and a workspace it can write to",
    needs: ["images"],
    run: async (trial) => {
      const script =
        'id -u; echo "$HOME"; touch "$HOME/mine" "$RUNNER_TEMP/mine" mine && ls mine; echo "o=1" >> "$GITHUB_OUTPUT"';
      const final = await trial.run([run(script, { id: "s" })], {
        ...trial.inImage(trial.images.nonRoot),
        outputs: mapping({ o: expression("steps.s.outputs.o") }),
      });
      expect(trial.said.printed()).toBe("1234\n/home/user\nmine\n");
      expect(final).toMatchObject({ result: "success", outputs: { o: "1" } });
    },
  },
  {
    title: "runs a job as the group of its image",
    needs: ["images"],
    run: async (trial) => {
      await trial.run([run("id -g")], trial.inImage(trial.images.nonRoot));
      expect(trial.said.printed()).toBe("2345\n");
    },
  },
  {
    title: "runs a job whose root file system cannot be written to",
    needs: ["images", "read-only root"],
    run: async (trial) => {
      const script = `touch /nope 2> /dev/null || echo "read-only root"; echo in-workspace > f && cat f
        touch "$HOME/h" "$RUNNER_TEMP/t" && echo "o=1" >> "$GITHUB_OUTPUT"`;
      const final = await trial.run([run(script)], trial.place.readOnlyRoot);
      expect(final.result).toBe("success");
      expect(trial.said.printed()).toBe("read-only root\nin-workspace\n");
    },
  },
  {
    title: "tells of the memory that a job was out of",
    needs: ["memory limit"],
    run: async (trial) => {
      const hungry = "echo hungry; head -c 400000000 /dev/zero | tail -c 400000000 > /dev/null";
      const job = await trial.start([run(hungry)], trial.place.memoryLimit?.(96 * 1024 * 1024));
      const ended = await job.ended;
      if (ended.kind === "reported") expect(ended.final.result).toBe("failure");
      const words = [trial.said.everything(), ended.kind === "lost" ? ended.error.message : ""].join("\n");
      expect(words).toMatch(/out of memory|memory limit|OOM/i);
    },
  },
  {
    title: "is lost for good, naming image and reason, where the image does not exist",
    needs: ["missing image"],
    run: async (trial) => {
      const image = trial.place.infrastructure?.missingImage ?? "";
      const error: unknown = await trial.start([run("echo never")], trial.inImage(image)).then(
        async (job) => {
          const ended = await job.ended;
          return ended.kind === "lost" ? ended.error : ended;
        },
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ name: "ExecError", retryable: false });
      expect((error as Error).message).toContain(image);
      // The name, and words beside it.
      expect((error as Error).message.replace(image, "").trim().length).toBeGreaterThan(20);
    },
  },
  {
    title: "runs the next job after one whose image did not exist",
    needs: ["missing image", "images"],
    run: async (trial) => {
      const missing = trial.place.infrastructure?.missingImage ?? "";
      await trial.start([run("true")], trial.inImage(missing)).then(
        (job) => job.ended,
        () => undefined,
      );
      const files = run(writes({ "a.txt": "after it" }));
      expect((await trial.run([files, run("cat a.txt")], { attempt: 2 })).result).toBe("success");
    },
  },
];
