import { beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import type { AccessStore } from "../store/access-store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { newApiToken } from "./api-token.ts";
import { ApiTokens, type NewApiTokenRequest } from "./api-tokens.ts";
import { Authenticator } from "./authenticator.ts";
import { type JobRecords, jobRecords } from "./job-records.fixture.ts";

const READER: NewApiTokenRequest = { name: "ci", permissions: ["project:read"] };

let records: JobRecords;
let access: AccessStore;
let tokens: ApiTokens;

beforeEach(async () => {
  records = await jobRecords();
  access = records.store.access;
  await records.project("p1");
  tokens = new ApiTokens(access, records.clock);
});

function authenticator(): Authenticator {
  return new Authenticator({ access, clock: records.clock, logger: silentLogger });
}

describe("ApiTokens", () => {
  it("makes tokens that scanners know and nobody guesses", async () => {
    const made = await Promise.all(Array.from({ length: 50 }, () => tokens.create(READER)));
    expect(new Set(made.map(({ token }) => token)).size).toBe(50);
    for (const { token } of made) expect(token).toMatch(/^slw_[\w-]{43}$/);
  });

  it("lists what may be known of them, newest first", async () => {
    await tokens.create({ ...READER, name: "old" });
    records.clock.advance(1000);
    const { info } = await tokens.create({ ...READER, name: "new", projectId: "p1" });
    const listed = await tokens.list();
    expect(listed.map(({ name }) => name)).toEqual(["new", "old"]);
    expect(listed[0]).toEqual(info);
    expect(Object.keys(listed[0] ?? {})).not.toContain("hash");
  });

  it.each<[string, Partial<NewApiTokenRequest>, string]>([
    ["no name", { name: " " }, "printable characters"],
    ["a name of many lines", { name: "a\nb" }, "printable characters"],
    ["a long name", { name: "x".repeat(101) }, "1 to 100"],
    ["no permission", { permissions: [] }, "at least one permission of project:read, project:write, admin"],
    ["an unknown permission", { permissions: ["root" as "admin"] }, "at least one permission of"],
    ["admin of one project", { permissions: ["admin"], projectId: "p1" }, "cannot have the permission admin"],
    ["an end in the past", { expiresAt: 1 }, "expires in the future"],
    ["an end that is no time", { expiresAt: Number.NaN }, "expires in the future"],
  ])("makes none with %s", async (_, change, reason) => {
    const made = async () => tokens.create({ ...READER, ...change });
    await expect(made()).rejects.toMatchObject({
      code: "InvalidSpec",
      message: expect.stringContaining(reason),
    });
    expect(await tokens.list()).toEqual([]);
  });

  it("makes one admin token at the first start, of any number of servers that start at once", async () => {
    const servers = Array.from({ length: 6 }, () => new ApiTokens(access, records.clock));
    const made = (await Promise.all(servers.map((server) => server.createFirst()))).filter(
      (one) => one !== undefined,
    );
    expect(made).toHaveLength(1);
    expect(await authenticator().authenticate(made[0]?.token)).toMatchObject({
      name: "admin",
      permissions: ["admin"],
    });
    expect(await tokens.list()).toHaveLength(1);
    expect(await tokens.createFirst()).toBeUndefined();
  });

  it("makes the admin token again where the first start did not get as far as taking it", async () => {
    let dies = true;
    const dying: AccessStore = Object.assign(Object.create(access) as AccessStore, {
      addToken: (token: Parameters<AccessStore["addToken"]>[0]) => access.addToken(token),
      claimFirstStart: async (at: number) => {
        if (dies) throw new ExecError("Transient", "killed");
        return access.claimFirstStart(at);
      },
    });
    await expect(new ApiTokens(dying, records.clock).createFirst()).rejects.toThrow("killed");
    dies = false;
    expect((await tokens.createFirst())?.token).toMatch(/^slw_/);
  });

  it("takes the admin token that whoever installs the server chose, also with two servers", async () => {
    const text = newApiToken();
    const made = await Promise.all([tokens.createFirst(text), tokens.createFirst(text)]);
    expect(made.filter((one) => one !== undefined).map(({ token }) => token)).toEqual([text]);
    expect(await authenticator().authenticate(text)).toMatchObject({ name: "admin" });
    expect(await tokens.createFirst(text)).toBeUndefined();
    await expect(tokens.createFirst("secret")).rejects.toMatchObject({ code: "InvalidSpec" });
  });
});
