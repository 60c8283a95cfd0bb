import { systemClock } from "../../clock.ts";
import type { JobFinishedFrame } from "../../protocol/frame.ts";
import { encodeRunnerMessage } from "../../protocol/runner-message.ts";
import { runRunner } from "../local/run-runner.ts";
import { asciiJson } from "./ascii-json.ts";
import { ContainerDesk } from "./container-desk.ts";
import { runContainerJob } from "./container-job.ts";
import { type ContainerProcess, EXIT_CODES } from "./container-process.ts";
import { OutputWriter } from "./output-writer.ts";

/**
 * Runs one job: request and commands on its input, frames and messages on its output. With `SLIPWAY_OUTLIVES=1` it goes on
 * when its input ends or nobody takes its output. Gives the exit code.
 */
export async function streamRunner(self: ContainerProcess): Promise<number> {
  const { env, input, output, complain, onTerminate } = self;
  const out = new OutputWriter(output);
  let result: JobFinishedFrame["result"] = "failure";
  const write = (text: string) => out.write(asciiJson(text));
  const desk = new ContainerDesk((message) => void write(encodeRunnerMessage(message)));
  const code = await runRunner({
    input,
    outlives: env.SLIPWAY_OUTLIVES === "1",
    write,
    onOutputLost: (callback) => void out.lost.then(callback),
    onTerminate,
    onCommand: (command) => desk.take(command),
    clock: systemClock,
    trackingId: env.SLIPWAY_TRACKING_ID,
    complain,
    runJob: async (request, ports) => {
      const finished = await runContainerJob(request, { ...ports, containers: desk }, env);
      result = finished.result;
      return finished;
    },
  });
  return code === 0 ? EXIT_CODES[result] : code;
}
