import { systemClock } from "../../clock.ts";
import { hostPlace } from "../conformance/host-place.ts";
import { describeExecutor } from "../executor.conformance.ts";
import { startInProcess } from "../local/in-process-job.ts";
import { FakeExecutor, type FakeExecutorOptions } from "./fake-executor.ts";
import { FakeInstallation } from "./fake-installation.ts";

const missingImage = "nowhere.test/no/such:image";

/** The skin over the runner itself, on this machine. */
describeExecutor(
  "fake",
  async () => {
    const installation = new FakeInstallation();
    const options: FakeExecutorOptions = {
      refusal: "the fake executor has no containers",
      outlives: true,
      installation,
      missingImages: [missingImage],
      place: (request, sink) => startInProcess(request, sink, { clock: systemClock }),
    };
    const host = hostPlace();
    return {
      ...host,
      executor: new FakeExecutor(options),
      reopen: async () => new FakeExecutor(options),
      leftovers: async () => [
        ...(await host.leftovers()),
        ...[...installation.jobs.keys()].map((ref) => `job ${ref}`),
      ],
      infrastructure: {
        missingImage,
        vanish: async ({ buildId, jobKey, attempt }) =>
          installation.jobs.get(`${buildId}/${jobKey}/${attempt}`)?.vanish(),
        holdPlaces: async () => {
          const letGo = installation.holdPlaces();
          return async () => letGo();
        },
        cutOff: async () => {
          const bringBack = installation.cutOff();
          return async () => bringBack();
        },
      },
    };
  },
  {
    skips: {
      images: "the fake has names of images alone: jobs run on this machine whatever they ask for",
      services: "the fake has no network of its own to put services on",
      "step containers": "the fake starts no containers",
      "image builds": "the fake starts no containers",
      "read-only root": "steps of the fake run on this machine's own file system",
      "memory limit": "the fake limits nothing",
    },
  },
);
