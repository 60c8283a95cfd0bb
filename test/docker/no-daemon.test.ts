// Where no Docker daemon answers.
import { expect, it } from "vitest";
import { readBuilds } from "../support/build-record.ts";
import { Sandbox, slipway } from "../support/slipway.ts";

const WORKFLOW = `on: push
jobs:
  contained:
    runs-on: ubuntu-latest
    container: alpine:3
    steps: [{ run: echo never }]
  plain:
    runs-on: ubuntu-latest
    steps: [{ run: echo here }]
`;

it.each([
  ["unix:///nowhere/docker.sock", "/nowhere/docker.sock"],
  ["tcp://127.0.0.1:1", "tcp://127.0.0.1:1"],
  ["harbour", "'harbour'"],
])("a job with a container fails with the address %s and what to do; others run", async (host, named) => {
  using sandbox = new Sandbox();
  const cwd = sandbox.repository("repository", { ".github/workflows/ci.yml": WORKFLOW });
  const ran = await slipway(["run", "--json"], { cwd, env: { DOCKER_HOST: host } });
  expect(ran.code).toBe(1);
  const jobs = readBuilds(ran.stdout)[0]?.jobs ?? [];
  const [contained, plain] = ["contained", "plain"].map((name) => jobs.find((job) => job.name === name));
  expect(contained?.error).toContain(named);
  expect(contained?.error).toContain("DOCKER_HOST");
  expect(contained?.log).not.toContain("never\n");
  expect(plain?.result).toBe("success");
  const shown = await slipway(["run"], { cwd, env: { DOCKER_HOST: host } });
  expect(shown.stdout + shown.stderr).toContain("DOCKER_HOST");
});
