import type { Skips } from "../conformance/executor-under-test.ts";

/** What a bare host cannot do. */
export const SKIPS_OF_A_HOST: Skips = {
  "another worker": "jobs of a bare host end with the process that started them",
  images: "a bare host has no containers: the job is refused",
  services: "a bare host has no containers: the job is refused",
  "step containers": "a bare host has no containers: the job is refused",
  "image builds": "a bare host has no containers to build for",
  "read-only root": "steps of a bare host run on its own file system",
  "memory limit": "a bare host limits nothing",
  "vanishing places":
    "a bare host that vanishes takes the executor with it; a runner that dies has tests of its own",
  "missing image": "a bare host pulls no images",
  "waiting places": "on a bare host a job has its place at once",
  "cut off": "nothing lies between an executor and its own host",
};
