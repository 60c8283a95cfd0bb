import type { BuildHub } from "./build-hub.ts";
import type { StreamEvent } from "./event-stream.ts";

/** Events that wait for a slow reader; more than that are left out, and a fresh snapshot stands for them. */
const MAX_WAITING = 100;

/** A build as events, from a snapshot on, until it has ended. */
export async function* buildEvents(
  buildId: string,
  hub: Pick<BuildHub, "watch">,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const waiting: (StreamEvent | "lost")[] = [];
  let over = false;
  let wake = () => {};
  const add = (event: StreamEvent) => {
    if (waiting.length < MAX_WAITING) waiting.push(event);
    else if (waiting.at(-1) !== "lost") waiting.push("lost");
    wake();
  };
  const finish = () => {
    over = true;
    wake();
  };
  const watcher = {
    snapshot: (build: { readonly version: number }) =>
      add({ event: "snapshot", id: String(build.version), data: build }),
    change: (change: { readonly version: number }) =>
      add({ event: "change", id: String(change.version), data: change }),
    ended: () => {
      add({ event: "end", data: {} });
      finish();
    },
    failed: finish,
  };
  signal.addEventListener("abort", finish);
  let stop = await hub.watch(buildId, watcher);
  try {
    for (;;) {
      const event = waiting.shift();
      if (event === "lost") {
        stop();
        over = false;
        stop = await hub.watch(buildId, watcher);
      } else if (event !== undefined) yield event;
      else if (over || signal.aborted) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    stop();
    signal.removeEventListener("abort", finish);
  }
}
