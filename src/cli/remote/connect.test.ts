import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { memoryIo } from "../memory-io.fixture.ts";
import { connect, serverAddress } from "./connect.ts";
import { readSavedServers, savedServersFile, writeSavedServers } from "./saved-servers.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "slipway-connect-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

it.each([
  ["http://localhost:8080", "http://localhost:8080"],
  ["http://localhost:8080/", "http://localhost:8080"],
  ["localhost", "http://localhost"],
  ["127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["[::1]:8080", "http://[::1]:8080"],
  ["ci.example.org", "https://ci.example.org"],
  ["ci.example.org:8443", "https://ci.example.org:8443"],
  ["HTTPS://CI.Example.org", "https://ci.example.org"],
])("takes %s for %s", (text, address) => {
  expect(serverAddress(text)).toBe(address);
});

it.each(["not a server", "http://", "ftp://ci.example.org", "https://ci.example.org/slipway"])(
  "refuses %s",
  (text) => {
    expect(() => serverAddress(text)).toThrow(/no address of a server|has a path/);
  },
);

it("takes --server before SLIPWAY_SERVER before the last login, and SLIPWAY_TOKEN before a kept one", async () => {
  const of = async (server: string | undefined, env: Record<string, string> = {}) =>
    (await connect({ server }, memoryIo({ cwd: home, env }))).address;
  await expect(of(undefined)).rejects.toThrow("No server is known yet.");
  await expect(of("http://a:1")).rejects.toThrow("There is no token for http://a:1.");
  expect(await of("http://a:1", { SLIPWAY_TOKEN: "t" })).toBe("http://a:1");
  await writeSavedServers(
    { HOME: home },
    { current: "http://b:1", tokens: { "http://b:1": "t", "https://c:1": "t" } },
  );
  expect(await of(undefined)).toBe("http://b:1");
  expect(await of(undefined, { SLIPWAY_SERVER: "c:1" })).toBe("https://c:1");
  expect(await of("http://b:1", { SLIPWAY_SERVER: "c:1" })).toBe("http://b:1");
  expect(await of(undefined, { SLIPWAY_SERVER: "" })).toBe("http://b:1");
});

it("keeps logins where only their owner reads them, and says where the file is damaged", async () => {
  const env = { XDG_CONFIG_HOME: join(home, "config") };
  const file = savedServersFile(env);
  expect(file).toBe(join(home, "config/slipway/servers.json"));
  expect(await readSavedServers(env)).toEqual({ tokens: {} });
  await writeSavedServers(env, { tokens: { "http://a:1": "t" } });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ tokens: { "http://a:1": "t" } });
  for (const damaged of ["{", "[]", '{"tokens":null}', "null"]) {
    await writeFile(file, damaged);
    await expect(readSavedServers(env), damaged).rejects.toThrow(`${file} is damaged.`);
  }
  expect(() => savedServersFile({})).toThrow("There is no home folder");
});
