import type { Frame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";

/**
 * A sink that is called again only when it has taken what it was given before. One that throws is not called again; all that
 * still wait are told why.
 */
export function oneAtATime(sink: FrameSink): FrameSink {
  let busy: Promise<void> | undefined;
  const give = (frame: Frame): void | Promise<void> => {
    const taken = busy === undefined ? sink(frame) : busy.then(() => sink(frame));
    if (taken === undefined) return;
    const turn = taken.then(() => {
      if (busy === turn) busy = undefined;
    });
    busy = turn;
    return turn;
  };
  return give;
}
