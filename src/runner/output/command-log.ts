import type { AnnotationFrame } from "../../protocol/frame.ts";

export type Annotation = Omit<AnnotationFrame, "type" | "step">;

/** What commands do to the log of their step and to its masks. */
export interface CommandLog {
  line(text: string): void;
  debug(message: string): void;
  annotate(annotation: Annotation): void;
  mask(value: string): void;
}
