// The key that seals secrets is changed without losing one.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TestServer, waitFor } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";

const WORKFLOW = `on: workflow_dispatch
jobs:
  use:
    runs-on: ubuntu-latest
    steps:
      - run: test "\${#SECRET}" = 18
        env: { SECRET: "\${{ secrets.DEPLOY_KEY }}" }
`;

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

it("a server whose master key is changed opens what the one before sealed, and then needs it no more", async () => {
  const [first, second] = [randomBytes(32).toString("hex"), randomBytes(32).toString("base64")];
  const start = (env: Record<string, string>) => TestServer.start({ folder: sandbox.path, env });
  const repository = sandbox.repository("repo", { ".workflows/ci.yml": WORKFLOW });

  const before = await start({ SLIPWAY_MASTER_KEY: first });
  const { token } = before;
  const { id } = await before.ok<{ id: string }>("POST", "projects", {
    name: "app",
    repositoryUrl: repository,
  });
  await before.ok("PUT", `projects/${id}/secrets/DEPLOY_KEY`, { value: "eighteen-characters".slice(1) });
  await before.stop();

  await expect(start({ SLIPWAY_MASTER_KEY: second })).rejects.toThrow(
    /master key is not the one its data was made with/,
  );

  const both = await start({ SLIPWAY_MASTER_KEY: second, SLIPWAY_PREVIOUS_MASTER_KEYS: first });
  await waitFor(() => both.stderr.includes("sealed with the new master key"));
  await both.stop();

  const after = await start({ SLIPWAY_MASTER_KEY: second });
  after.token = token;
  try {
    const build = await after.ok<{ id: string }>("POST", `projects/${id}/pipelines`, {});
    await waitFor(async () => {
      const { status } = await after.ok<{ status: string }>("GET", `builds/${build.id}`);
      if (status === "failed") throw new Error(JSON.stringify(await after.ok("GET", `builds/${build.id}`)));
      return status === "succeeded";
    }, 60_000);
  } finally {
    await after.stop();
  }
}, 120_000);
