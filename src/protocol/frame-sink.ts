import type { Frame } from "./frame.ts";

/**
 * Where frames go. Called in the order of the numbers. A returned promise is back-pressure: the runner reads no more
 * of its steps' output until it is settled. A sink that throws ends the job as an infrastructure failure.
 */
export type FrameSink = (frame: Frame) => void | Promise<void>;
