import { cpSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { expect, it } from "vitest";
import { TestServer } from "../support/server.ts";
import { Sandbox, slipway } from "../support/slipway.ts";

it("a server begins anew from a backup of one that runs", async () => {
  using sandbox = new Sandbox();
  const repository = sandbox.repository("app", {
    ".workflows/ci.yml": "on: push\njobs: { test: { runs-on: x, steps: [{ run: echo kept }] } }\n",
  });
  for (const name of ["one", "two"]) mkdirSync(sandbox.join(name));
  const server = await TestServer.start({ folder: sandbox.join("one") });
  const file = sandbox.join("copy.db");
  const env = { SLIPWAY_SERVER: server.address, SLIPWAY_TOKEN: server.token };
  const run = (...args: string[]) => slipway(args, { cwd: sandbox.path, env });
  try {
    await server.ok("POST", "projects", { name: "acme/app", repositoryUrl: repository });
    expect(await run("backup", file)).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(await run("backup", file)).toMatchObject({ code: 2, stdout: "" });
    await server.ok("POST", "projects", { name: "acme/later", repositoryUrl: repository });
    const reader = await server.ok<{ token: string }>("POST", "tokens", {
      name: "reader",
      permissions: ["project:write"],
    });
    const refused = await server.api("GET", "backup", undefined, { authorization: `Bearer ${reader.token}` });
    expect(refused.status).toBe(403);
    expect(readdirSync(sandbox.join("one/data")).filter((name) => name.includes("copy"))).toEqual([]);
  } finally {
    await server.stop();
  }
  mkdirSync(sandbox.join("two/data"), { recursive: true });
  cpSync(file, sandbox.join("two/data/slipway.db"));
  for (const name of ["master.key", "blobs"])
    cpSync(sandbox.join("one/data", name), sandbox.join("two/data", name), { recursive: true });
  const again = await TestServer.start({ folder: sandbox.join("two") });
  try {
    again.token = server.token;
    const { items } = await again.ok<{ items: { name: string }[] }>("GET", "projects");
    expect(items.map(({ name }) => name)).toEqual(["acme/app"]);
  } finally {
    await again.stop();
  }
}, 120_000);
