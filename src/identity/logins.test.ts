import { beforeEach, describe, expect, it } from "vitest";
import type { AccessStore } from "../store/access-store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { ApiTokens, type NewApiTokenRequest } from "./api-tokens.ts";
import { Authenticator } from "./authenticator.ts";
import { type JobRecords, jobRecords } from "./job-records.fixture.ts";
import { Logins } from "./logins.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
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

const unauthorized = { name: "ExecError", code: "Unauthorized" };

describe("Logins", () => {
  const logins = () => new Logins({ access, tokens, clock: records.clock });

  it("makes a session of a code, with the rights of its token, once", async () => {
    const { info } = await tokens.create({ ...READER, projectId: "p1" });
    const { code, expiresAt } = await logins().createCode(info.id);
    expect(expiresAt).toBe(records.clock.now() + 10 * MINUTE);
    const session = await logins().redeem(code);
    expect(session?.expiresAt).toBe(records.clock.now() + 7 * DAY);
    expect(await authenticator().authenticate(session?.bearer)).toMatchObject({
      name: "ci",
      permissions: ["project:read"],
      projectId: "p1",
    });
    expect(await logins().redeem(code)).toBeUndefined();
    expect(await tokens.list()).toHaveLength(1);
  });

  it("gives a code to one of many that redeem it at once", async () => {
    const { info } = await tokens.create(READER);
    const { code } = await logins().createCode(info.id);
    const sessions = await Promise.all(Array.from({ length: 6 }, () => logins().redeem(code)));
    expect(sessions.filter((session) => session !== undefined)).toHaveLength(1);
  });

  it("knows no code that is too old, made up, or whose token is gone", async () => {
    const { info } = await tokens.create({ ...READER, expiresAt: records.clock.now() + 5 * MINUTE });
    const [gone, late] = [await logins().createCode(info.id), await logins().createCode(info.id)];
    records.clock.advance(5 * MINUTE);
    expect(await logins().redeem(gone.code)).toBeUndefined();
    records.clock.advance(5 * MINUTE);
    expect(await logins().redeem(late.code)).toBeUndefined();
    expect(await logins().redeem("made up")).toBeUndefined();
    expect(await logins().redeem("")).toBeUndefined();
  });

  it("ends sessions with their token, and in time", async () => {
    const { info } = await tokens.create(READER);
    const other = await tokens.create(READER);
    const open = async (id: string) => (await logins().redeem((await logins().createCode(id)).code))?.bearer;
    const [ended, stays] = [await open(info.id), await open(other.info.id)];
    await tokens.revoke(info.id);
    await expect(authenticator().authenticate(ended)).rejects.toMatchObject(unauthorized);
    expect((await authenticator().authenticate(stays)).name).toBe("ci");
    records.clock.advance(7 * DAY);
    await expect(authenticator().authenticate(stays)).rejects.toMatchObject(unauthorized);
  });

  it("keeps no session longer than its token", async () => {
    const end = records.clock.now() + DAY;
    const { info } = await tokens.create({ ...READER, expiresAt: end });
    expect((await logins().redeem((await logins().createCode(info.id)).code))?.expiresAt).toBe(end);
  });
});
