import { expect, it } from "vitest";
import type { FrameBody } from "../../protocol/frame.ts";
import { PlainLog } from "./plain-log.ts";

function printed(bodies: readonly FrameBody[]): string {
  let text = "";
  const log = new PlainLog((bytes) => {
    text += Buffer.from(bytes).toString();
  });
  for (const [index, body] of bodies.entries()) log.take({ seq: index + 1, at: 0, ...body });
  return text;
}

const started = (step: number, name: string): FrameBody => ({ type: "step.started", step, name });
const log = (step: number, text: string): FrameBody => ({ type: "log", step, data: Buffer.from(text) });

it("tells the outputs of steps that run beside each other apart, and begins a line for each of its own", () => {
  expect(
    printed([
      started(1, "one"),
      log(1, "a\nb"),
      started(2, "two"),
      log(2, "c\n"),
      log(1, "d\n"),
      log(1, "e"),
      {
        type: "step.finished",
        step: 1,
        outcome: "failure",
        conclusion: "success",
        error: "why",
        outputs: {},
        durationMs: 1,
      },
      {
        type: "step.finished",
        step: 2,
        outcome: "success",
        conclusion: "success",
        outputs: {},
        durationMs: 1,
      },
      { type: "mask", value: "secret" },
      { type: "job.finished", result: "failure", outputs: {}, error: "all", durationMs: 1 },
    ]),
  ).toBe(
    "==> one\na\nb\n==> two\nc\n==> one (goes on)\nd\ne\n==> one: failure (why)\n==> Job: failure (all)\n",
  );
});
