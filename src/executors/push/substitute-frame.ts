import type { Frame, FrameHeader } from "../../protocol/frame.ts";

/** In place of a frame that the server does not take, by itself, whatever is tried: the numbers go on, and it is said. */
export function substituteFrame(frame: Frame): Frame {
  const { seq, at } = frame;
  const header: FrameHeader = { seq, at };
  const why = "the server refused what this job has to say of it: too large, or not known there";
  switch (frame.type) {
    case "job.finished":
      // Without its outputs a success would be none.
      return { ...header, type: "job.finished", result: "failure", outputs: {}, error: why, durationMs: 0 };
    case "step.finished":
      return { ...frame, outputs: {}, error: why, outcome: "failure", conclusion: "failure" };
    default: {
      const step = "step" in frame ? frame.step : 0;
      const data = Buffer.from(`##[warning]A part (${frame.type}) is missing here: ${why}.\n`);
      return { ...header, type: "log", step, data };
    }
  }
}
