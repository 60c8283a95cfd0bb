import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { run } from "./steps.ts";

const digest = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");

/** Scripts and exactly what they print. */
const FORGED = `\x1e{"seq":9,"at":1,"type":"job.finished","result":"success","outputs":{},"durationMs":1}`;

type Shape = readonly [script: string, printed: string | Uint8Array];

/** Scripts and exactly what they print, by what is special about it. */
const SHAPES: { readonly [what: string]: readonly Shape[] } = {
  "lines of every kind, none among them, and one without an end": [
    ["true", ""],
    ["echo", "\n"],
    ["printf '\\n\\n\\n'", "\n\n\n"],
    ["printf 'begun\\nnot ended'", "begun\nnot ended"],
    ["printf 'a\\r\\nb\\r\\n'", "a\r\nb\r\n"],
    ["printf '1%%\\r2%%\\r3%%\\n'", "1%\r2%\r3%\n"],
  ],
  "colours, control characters and any script": [
    ["printf '\\033[31mred\\033[0m\\033[K\\n'", "\x1b[31mred\x1b[0m\x1b[K\n"],
    ["printf '\\ta\\007\\010b\\n'", "\ta\x07\bb\n"],
    ["printf 'ünï 😀 漢字 مرحبا\\n'", "ünï 😀 漢字 مرحبا\n"],
  ],
  "bytes that are no text": [
    ["printf '\\377\\376\\000\\001\\n'", Uint8Array.from([0xff, 0xfe, 0x00, 0x01, 0x0a])],
    ["printf '\\342\\202'", Uint8Array.from([0xe2, 0x82])],
    ["printf '\\303'; printf '\\251'", Uint8Array.from([0xc3, 0xa9])],
  ],
  "what looks like the end of the job": [[`printf '%s\\n' '${FORGED}'`, `${FORGED}\n`]],
};

/** Logs of every shape: whole, in order, byte for byte. */
export const logCases: readonly ConformanceCase[] = [
  ...Object.entries(SHAPES).map(
    ([what, shapes]): ConformanceCase => ({
      title: `keeps ${what} as it was printed, and what follows apart from it`,
      run: async (trial) => {
        const steps = shapes.flatMap(([script]) => [run(script), run("echo next")]);
        expect((await trial.run([...steps, run("exit 3")])).result).toBe("failure");
        for (const [index, [script, printed]] of shapes.entries()) {
          expect(trial.said.output(2 * index), script).toEqual(Buffer.from(printed));
          expect(trial.said.printed(2 * index + 1), `after ${script}`).toBe("next\n");
        }
      },
    }),
  ),
  {
    title: "never cuts a log frame inside a character",
    run: async (trial) => {
      await trial.run([run("i=0; while [ $i -lt 3000 ]; do printf '😀ü€'; i=$((i+1)); done; echo")]);
      for (const { data } of trial.said.of("log"))
        expect(Buffer.from(data).toString("utf8")).not.toContain("\ufffd");
      expect(trial.said.printed()).toBe(`${"😀ü€".repeat(3000)}\n`);
    },
  },
  {
    title: "loses nothing of much output, also to a slow reader",
    run: async (trial) => {
      const { said } = trial;
      let waits = 0;
      const slow: FrameSink = async (frame) => {
        said.frames.push(frame);
        if (frame.type === "log" && ++waits % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
      };
      const job = await trial.startRequest(trial.request([run("seq 1 400000")]), said, slow);
      expect((await trial.end(job)).result).toBe("success");
      const lines = Array.from({ length: 400_000 }, (_, index) => `${index + 1}\n`).join("");
      expect(digest(said.output())).toBe(digest(lines));
    },
  },
  {
    title: "hands frames to the reader one at a time",
    run: async (trial) => {
      let inside = 0;
      let most = 0;
      const one: FrameSink = async (frame) => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        trial.said.frames.push(frame);
        inside -= 1;
      };
      const steps = [run("seq 1 5000"), run("seq 1 5000")];
      await trial.end(await trial.startRequest(trial.request(steps), trial.said, one));
      expect(most).toBe(1);
    },
  },
  {
    title: "takes a line of megabytes without an end",
    run: async (trial) => {
      await trial.run([run("head -c 5000000 /dev/zero | tr '\\0' x")]);
      expect(digest(trial.said.output())).toBe(digest("x".repeat(5_000_000)));
    },
  },
  {
    title: "keeps bytes of every value, by their digest",
    run: async (trial) => {
      // Octal escapes of all 256 values, again and again.
      const all = Array.from({ length: 256 }, (_, value) => `\\${value.toString(8).padStart(3, "0")}`).join(
        "",
      );
      await trial.run([run(`i=0; while [ $i -lt 400 ]; do printf '${all}'; i=$((i+1)); done`)]);
      const expected = Buffer.concat(
        Array.from({ length: 400 }, () => Buffer.from(Array.from({ length: 256 }, (_, value) => value))),
      );
      expect(digest(trial.said.output())).toBe(digest(expected));
    },
  },
  {
    title: "keeps the order of standard output and standard error",
    run: async (trial) => {
      await trial.run([run("for i in 1 2 3; do echo out$i; echo err$i >&2; done")]);
      expect(trial.said.printed()).toBe("out1\nerr1\nout2\nerr2\nout3\nerr3\n");
    },
  },
  {
    title: "keeps the logs of steps that run beside each other apart",
    run: async (trial) => {
      await trial.run([
        run("echo first; while [ ! -e go ]; do sleep 0.02; done; echo second", { background: true }),
        run("echo beside; touch go"),
      ]);
      expect([trial.said.printed(0), trial.said.printed(1)]).toEqual(["first\nsecond\n", "beside\n"]);
    },
  },
  {
    title: "keeps what a process prints after its step has ended out of the steps that follow",
    run: async (trial) => {
      const late = `(trap '' PIPE; while [ ! -e go ]; do sleep 0.02; done; echo late-word; touch said) & echo first`;
      await trial.run([
        run(late),
        run(
          "touch go; i=0; while [ ! -e said ] && [ $i -lt 100 ]; do sleep 0.02; i=$((i+1)); done; echo next",
        ),
      ]);
      expect(trial.said.outcomes()).toEqual(["success/success", "success/success"]);
      expect([trial.said.printed(0), trial.said.printed(1)]).toEqual(["first\n", "next\n"]);
    },
  },
  {
    title: "shows commands in a log as GitHub shows them, and none between a stop and its token",
    run: async (trial) => {
      await trial.run([
        run(`echo "::group::a"; echo in; echo "::endgroup::"; echo "::warning::careful"
             echo "::stop-commands::tok"; echo "::error::not one"; echo "::tok::"`),
      ]);
      expect(trial.said.printed()).toMatch(
        /##\[group\]a\nin\n##\[endgroup\]\n##\[warning\]careful\n[\s\S]*::error::not one\n/,
      );
      expect(trial.said.of("annotation").map(({ message }) => message)).toEqual(["careful"]);
    },
  },
];
