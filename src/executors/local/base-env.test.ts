import { describe, expect, it } from "vitest";
import { baseEnvironment } from "./base-env.ts";

describe("baseEnvironment", () => {
  it("hands on the machine's environment, without what is this process's own", () => {
    const env = {
      PATH: "/bin",
      LANG: "C.UTF-8",
      npm_config_registry: "https://example.org",
      NODE_OPTIONS: "--max-old-space-size=4096",
      HTTPS_PROXY: "http://proxy",
      GITHUB_TOKEN: "t",
      GITHUB_ENV: "/outer",
      ACTIONS_RUNTIME_TOKEN: "t",
      RUNNER_TEMP: "/outer",
      INPUT_NAME: "x",
      npm_lifecycle_event: "start",
      npm_package_name: "slipway",
      SHELL: "/bin/zsh",
      PWD: "/here",
      _: "/usr/bin/node",
    };
    expect(
      baseEnvironment({ ...env, KEY: "secret", GONE: undefined }, ["KEY"], { ADDED: "1", PATH: "/mine" }),
    ).toEqual({
      PATH: "/mine",
      LANG: "C.UTF-8",
      npm_config_registry: "https://example.org",
      NODE_OPTIONS: "--max-old-space-size=4096",
      HTTPS_PROXY: "http://proxy",
      ADDED: "1",
    });
  });
});
