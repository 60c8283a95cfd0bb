import { expect, it } from "vitest";
import { TestServer } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";

it.each([
  ["to everybody", "true", 200],
  ["to nobody without a token, where they are not public", "false", 401],
])(
  "a server gives its numbers %s",
  async (_who, isPublic, withoutToken) => {
    using sandbox = new Sandbox();
    const env = { SLIPWAY_METRICS_PUBLIC: isPublic };
    const server = await TestServer.start({ folder: sandbox.path, env });
    try {
      expect((await fetch(`${server.address}/metrics`)).status).toBe(withoutToken);
      expect(await (await server.fetch("/metrics")).text()).toContain("slipway_builds");
    } finally {
      await server.stop();
    }
  },
  60_000,
);
