import type { HostConfig } from "./docker-engine.ts";
import type { Limits } from "./parse-create-options.ts";

/** Limits for a container, where its options set none. Memory is memory: a limit allows no swap beyond it. */
export function limited(host: HostConfig, { cpus, memoryBytes, pids }: Limits): HostConfig {
  const memory = host.Memory ?? memoryBytes;
  const usesCpuTime = host.NanoCpus !== undefined || host.CpuQuota !== undefined;
  return {
    ...host,
    ...(usesCpuTime || cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: host.MemorySwap ?? memory }),
    ...(host.PidsLimit !== undefined || pids === undefined ? {} : { PidsLimit: pids }),
  };
}

/**
 * The whole output is kept until the job ends: whoever attaches reads it from the beginning. A size is said because a daemon
 * may be set to a small one, and a word for "none" is not known to all of them.
 */
export const KEPT_LOG = {
  Type: "json-file",
  Config: { "max-size": "100t", "max-file": "1", mode: "blocking" },
} as const;
