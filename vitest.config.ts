import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // @actions/workflow-parser imports its JSON schema without an import attribute, which bare Node refuses.
    server: { deps: { inline: [/@actions\//] } },
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: 30_000,
    // The first to ask for a real server waits for its start, on a busy machine too.
    hookTimeout: 120_000,
    pool: "forks",
    // Most tests wait for programs, containers and servers much longer than they compute.
    maxWorkers: Math.max(2, availableParallelism()),
  },
});
