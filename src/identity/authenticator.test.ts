import { beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import type { AccessStore } from "../store/access-store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { hashCredential, newApiToken } from "./api-token.ts";
import { ApiTokens, type NewApiTokenRequest } from "./api-tokens.ts";
import { Authenticator } from "./authenticator.ts";
import { type JobRecords, jobOf, jobRecords } from "./job-records.fixture.ts";
import { MasterKey } from "./master-key.ts";
import { StoredJobTokens } from "./stored-job-tokens.ts";

const MINUTE = 60_000;
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

function authenticator(serviceCredential?: string): Authenticator {
  return new Authenticator({ access, clock: records.clock, logger: silentLogger, serviceCredential });
}

const unauthorized = { name: "ExecError", code: "Unauthorized" };

describe("Authenticator", () => {
  it("knows the holder of a token", async () => {
    const { token, info } = await tokens.create({ ...READER, projectId: "p1" });
    expect(await authenticator().authenticate(token)).toEqual({
      kind: "token",
      id: info.id,
      name: "ci",
      permissions: ["project:read"],
      projectId: "p1",
    });
  });

  it.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["an unknown token", newApiToken()],
    ["a word", "admin"],
    ["a token with a blank", `${newApiToken()} `],
    ["a very long text", "x".repeat(100_000)],
  ])("refuses %s", async (_, bearer) => {
    await expect(authenticator().authenticate(bearer)).rejects.toMatchObject(unauthorized);
  });

  it("refuses a token from its revocation on, and from its end on", async () => {
    const revoked = await tokens.create(READER);
    const short = await tokens.create({ ...READER, expiresAt: records.clock.now() + MINUTE });
    await authenticator().authenticate(revoked.token);
    expect(await tokens.revoke(revoked.info.id)).toBe(true);
    expect(await tokens.revoke(revoked.info.id)).toBe(false);
    await expect(authenticator().authenticate(revoked.token)).rejects.toMatchObject(unauthorized);
    await authenticator().authenticate(short.token);
    records.clock.advance(MINUTE);
    await expect(authenticator().authenticate(short.token)).rejects.toMatchObject(unauthorized);
  });

  it("refuses the hash of a token, which is all that is kept of it", async () => {
    const { token } = await tokens.create(READER);
    const [kept] = await access.listTokens();
    expect(kept?.hash).toBe(hashCredential(token));
    expect(JSON.stringify(kept)).not.toContain(token.slice(4, 20));
    await expect(authenticator().authenticate(kept?.hash)).rejects.toMatchObject(unauthorized);
  });

  it("takes no token of a job, whatever it is for", async () => {
    const claim = await records.build("b1");
    const { store, clock } = records;
    const jobTokens = new StoredJobTokens({ builds: store.builds, masterKeys: [MasterKey.random()], clock });
    for (const purpose of ["runtime", "id-token", "git"] as const) {
      const token = await jobTokens.issue({ ...jobOf(claim), github: {} }, purpose);
      await expect(authenticator("secret").authenticate(token)).rejects.toMatchObject(unauthorized);
    }
  });

  it("knows another part of the server by the credential they share, and nobody where there is none", async () => {
    expect(await authenticator("a shared secret").authenticate("a shared secret")).toMatchObject({
      kind: "service",
      permissions: ["admin"],
    });
    await expect(authenticator("a shared secret").authenticate("a shared secreT")).rejects.toMatchObject(
      unauthorized,
    );
    await expect(authenticator().authenticate("undefined")).rejects.toMatchObject(unauthorized);
    await expect(authenticator("").authenticate("")).rejects.toMatchObject(unauthorized);
  });

  it("notes the use of a token now and then, not each time", async () => {
    const { token } = await tokens.create(READER);
    const touched: number[] = [];
    const counting = {
      findToken: (hash: string, now: number) => access.findToken(hash, now),
      touchToken: async (id: string, at: number) => {
        touched.push(at);
        await access.touchToken(id, at);
      },
    };
    const { clock } = records;
    const one = new Authenticator({ access: counting, clock, logger: silentLogger });
    const first = clock.now();
    for (let i = 0; i < 3; i++) await one.authenticate(token);
    clock.advance(5 * MINUTE);
    await one.authenticate(token);
    await expect.poll(async () => (await tokens.list())[0]?.lastUsedAt).toBe(first + 5 * MINUTE);
    await new Authenticator({ access: counting, clock, logger: silentLogger }).authenticate(token);
    expect(touched).toEqual([first, first + 5 * MINUTE]);
  });

  it("lets in whose use cannot be noted", async () => {
    const { token } = await tokens.create(READER);
    const warnings: string[] = [];
    const failing = {
      findToken: (hash: string, now: number) => access.findToken(hash, now),
      touchToken: () => Promise.reject(new ExecError("Transient", "no answer")),
    };
    const logger = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) };
    const one = new Authenticator({ access: failing, clock: records.clock, logger });
    expect((await one.authenticate(token)).name).toBe("ci");
    await expect.poll(() => warnings).toEqual(["the use of an API token could not be noted"]);
  });

  it("does not take a failure of the records for a bad token", async () => {
    const failing = {
      findToken: () => Promise.reject(new ExecError("Transient", "no answer")),
      touchToken: async () => undefined,
    };
    const one = new Authenticator({ access: failing, clock: records.clock, logger: silentLogger });
    await expect(one.authenticate(newApiToken())).rejects.toMatchObject({ code: "Transient" });
  });
});
