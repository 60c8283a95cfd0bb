import type { Environment, Io, OutputStream } from "../io.ts";
import { palette, wantsColor } from "../output/color.ts";
import type { RunView } from "./run-view.ts";

export interface ViewWish {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** The view that fits the wish and the terminal; only its code is loaded. */
export async function openView(wish: ViewWish, io: Io, logParent: string, runId: string): Promise<RunView> {
  if (wish.json) {
    const { JsonView } = await import("./json-view.ts");
    return new JsonView(io);
  }
  const style = palette(wantsColor(io.env, io.stdout));
  if (!canBeLive(io.env, io.stdout)) {
    const { PlainView } = await import("./plain-view.ts");
    return new PlainView({ io, style, ...wish, toTerminal: io.stdout.isTTY });
  }
  const [{ LiveView }, { LogFiles }] = await Promise.all([
    import("./live-view.ts"),
    import("./log-files.ts"),
  ]);
  return new LiveView({ io, style, ...wish, logs: openLogs() });

  function openLogs() {
    try {
      return new LogFiles(logParent, runId);
    } catch {
      // No place for logs is no reason not to run.
      return undefined;
    }
  }
}

/** In CI a terminal is often only pretended, and what is written is kept as a text. */
function canBeLive(env: Environment, stream: OutputStream): boolean {
  const inCi = env.CI !== undefined && env.CI !== "" && env.CI !== "false" && env.CI !== "0";
  return stream.isTTY && !inCi && env.TERM !== "dumb" && stream.columns >= 20 && stream.rows >= 6;
}
