import { expect, it } from "vitest";
import { ApiProject } from "../support/api-project.ts";
import { TestServer, waitFor } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";

const WORKFLOW = `on: workflow_dispatch
jobs:
  long: { runs-on: ubuntu-latest, steps: [{ run: sleep 600 }] }
`;

it("a second signal ends a server on the spot, though builds could go on for long", async () => {
  using sandbox = new Sandbox();
  const repository = sandbox.repository("repo", { ".workflows/ci.yml": WORKFLOW });
  const env = { SLIPWAY_STOP_TIMEOUT: "1h" };
  const server = await TestServer.start({ folder: sandbox.path, env });
  const project = await ApiProject.add(() => server, "app", repository);
  const { id } = await project.start("ci.yml");
  await project.until(id, ({ jobs }) => jobs.some(({ status }) => status === "running"));
  server.signal("SIGTERM");
  await waitFor(() => server.stderr.includes('"msg":"stopping"'));
  server.signal("SIGTERM");
  expect(await server.ended).toBe(130);
}, 60_000);
