import type { EventBus } from "../../events/event-bus.ts";

/** Calls back for each wish to cancel the build that an event tells of. Gives how to stop. */
export function onCancelEvents(
  events: EventBus,
  buildId: string,
  cancel: (reason: string) => void,
): () => void {
  let stopped = false;
  let unsubscribe = () => {};
  // Of all builds: a topic of its own for each would be made and taken away at the broker with every build.
  const listening = events.subscribe({ types: ["build.cancel"] }, (event) => {
    if (event.type === "build.cancel" && event.buildId === buildId) cancel(event.reason);
  });
  listening.then(
    (subscription) => {
      if (stopped) subscription.unsubscribe();
      else unsubscribe = () => subscription.unsubscribe();
    },
    () => {
      // The wish is in the records, too, where the worker finds it with its heartbeat.
    },
  );
  return () => {
    stopped = true;
    unsubscribe();
  };
}
