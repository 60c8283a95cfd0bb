import { beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../store/store.ts";
import { type JobRecords, jobRecords } from "./job-records.fixture.ts";
import { MasterKey } from "./master-key.ts";
import { rewrapSecrets } from "./rewrap-secrets.ts";
import { SecretVault } from "./secret-vault.ts";

const MASTER = MasterKey.random();
const PLANTED = 'planted-4711-ü\n"second line" €';

let records: JobRecords;
let store: Store;

beforeEach(async () => {
  records = await jobRecords();
  store = records.store;
  await records.project("p1");
  await records.project("p2");
});

function vault(...keys: MasterKey[]): SecretVault {
  const [first = MASTER, ...older] = keys;
  return new SecretVault({ projects: store.projects, masterKeys: [first, ...older], clock: records.clock });
}

const rows = (project = "p1") => store.projects.listSettings(project, "secret");

async function failure(promise: Promise<unknown>): Promise<{ code: unknown; text: string }> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason as Error & { code?: unknown },
  );
  return { code: "code" in error ? error.code : undefined, text: `${error.stack} ${String(error.cause)}` };
}

describe("rewrapSecrets", () => {
  const NEXT = MasterKey.random();
  const context = (id: string) => `webhook ${id}`;

  it("brings everything under the new key, after which the old one is of no use", async () => {
    await vault().put("p1", "TOKEN", PLANTED);
    await vault().put("p1", "TOKEN", "scoped", "production");
    await vault().put("p2", "OTHER", "x");
    await store.webhooks.putWebhook({
      ...{
        id: "w1",
        projectId: "p1",
        url: "https://example.test",
        events: ["*"],
        enabled: true,
        createdAt: 0,
      },
      secret: vault().seal("key", context("w1")),
    });
    const before = (await vault().list("p1"))[0]?.updatedAt;
    expect(await rewrapSecrets(store, vault(NEXT, MASTER), context)).toBe(4);
    expect(await rewrapSecrets(store, vault(NEXT, MASTER), context)).toBe(0);
    expect(await vault(NEXT).reveal("p1", "production")).toEqual({ TOKEN: "scoped" });
    expect(await vault(NEXT).reveal("p1")).toEqual({ TOKEN: PLANTED });
    expect((await vault(NEXT).list("p1"))[0]?.updatedAt).toBe(before);
    const [webhook] = await store.webhooks.listWebhooks("p1");
    expect(vault(NEXT).open(webhook?.secret ?? "", context("w1"))).toBe("key");
    expect(await failure(vault().reveal("p1"))).toMatchObject({ code: "Permanent" });
  });

  it("does not touch the encrypted value itself", async () => {
    await vault().put("p1", "TOKEN", PLANTED);
    const [before] = await rows();
    await rewrapSecrets(store, vault(NEXT, MASTER), context);
    const [after] = await rows();
    expect(after?.value.split(".")[3]).toBe(before?.value.split(".")[3]);
    expect(after?.value.split(".")[2]).not.toBe(before?.value.split(".")[2]);
  });

  it("stops with the name of one that the given keys do not open", async () => {
    await vault(MasterKey.random()).put("p1", "LOST", "x");
    const { text } = await failure(rewrapSecrets(store, vault(NEXT, MASTER), context));
    expect(text).toContain("The secret LOST was sealed with the master key");
  });
});
