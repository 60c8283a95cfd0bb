// A process that opens a store, says so, and holds it until its input ends.
//   node open-and-hold.ts OPTIONS-AS-JSON
import { systemClock } from "../../clock.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { openStore } from "../open-store.ts";

try {
  const options = JSON.parse(process.argv[2] ?? "");
  const store = await openStore(options, { clock: systemClock, logger: silentLogger });
  process.stdout.write("open\n");
  for await (const _ of process.stdin);
  await store.close();
} catch (error) {
  process.stdout.write(`${error instanceof Error && "code" in error ? error.code : ""}: ${error}\n`);
}
