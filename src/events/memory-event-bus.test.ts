import { silentLogger } from "../telemetry/logger.ts";
import { eventBusConformance } from "./event-bus.conformance.ts";
import { MemoryEventBus } from "./memory-event-bus.ts";

eventBusConformance("MemoryEventBus", async () => {
  const bus = new MemoryEventBus({ logger: silentLogger });
  return { bus, publisher: bus, dispose: async () => {} };
});
