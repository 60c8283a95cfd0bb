import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../store/store.ts";
import { type JobRecords, jobRecords } from "./job-records.fixture.ts";
import { MasterKey } from "./master-key.ts";
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

describe("SecretVault", () => {
  it("reveals what was put, under the name in upper case, in any characters and sizes", async () => {
    const large = randomBytes(24 * 1024).toString("hex");
    await vault().put("p1", "Token", PLANTED);
    await vault().put("p1", "LARGE", large);
    await vault().put("p1", "EMPTY", "");
    expect(await vault().reveal("p1")).toEqual({ TOKEN: PLANTED, LARGE: large, EMPTY: "" });
    expect(await vault().reveal("p2")).toEqual({});
  });

  it("replaces a value, whatever the case of the name", async () => {
    await vault().put("p1", "TOKEN", "first");
    records.clock.advance(1000);
    await vault().put("p1", "token", "second");
    expect(await vault().reveal("p1")).toEqual({ TOKEN: "second" });
    expect(await vault().list("p1")).toEqual([{ name: "TOKEN", updatedAt: records.clock.now() }]);
  });

  it("deletes one, once", async () => {
    await vault().put("p1", "TOKEN", "x");
    expect(await vault().delete("p2", "token")).toBe(false);
    expect(await vault().delete("p1", "token")).toBe(true);
    expect(await vault().delete("p1", "token")).toBe(false);
    expect(await vault().reveal("p1")).toEqual({});
  });

  it("gives jobs of an environment its secrets before the project's, and no other job", async () => {
    await vault().put("p1", "TOKEN", "of all");
    await vault().put("p1", "TOKEN", "of production", "Production");
    await vault().put("p1", "ONLY", "there", "production");
    expect(await vault().reveal("p1")).toEqual({ TOKEN: "of all" });
    expect(await vault().reveal("p1", "PRODUCTION")).toEqual({ TOKEN: "of production", ONLY: "there" });
    expect(await vault().reveal("p1", "staging")).toEqual({ TOKEN: "of all" });
    expect((await vault().list("p1")).map(({ name, environment }) => [environment, name])).toEqual([
      [undefined, "TOKEN"],
      ["production", "ONLY"],
      ["production", "TOKEN"],
    ]);
    expect(await vault().delete("p1", "TOKEN", "production")).toBe(true);
    expect(await vault().reveal("p1", "production")).toEqual({ TOKEN: "of all", ONLY: "there" });
  });

  it("keeps no plain text, in no encoding, and never the same text twice", async () => {
    await vault().put("p1", "A", PLANTED);
    await vault().put("p1", "B", PLANTED);
    const kept = await rows();
    const text = JSON.stringify(kept);
    for (const encoding of ["utf8", "base64", "base64url", "hex"] as const) {
      expect(text).not.toContain(Buffer.from(PLANTED).toString(encoding).slice(0, 12));
    }
    expect(kept[0]?.value.split(".").slice(2)).not.toEqual(kept[1]?.value.split(".").slice(2));
  });

  it.each([
    ["another name", "p1", "OTHER"],
    ["another project", "p2", "TOKEN"],
    ["an environment", "p1", "PRODUCTION/TOKEN"],
  ])("does not open what was moved to %s", async (_, projectId, name) => {
    await vault().put("p1", "TOKEN", PLANTED);
    const [row] = await rows();
    await store.projects.putSetting({
      projectId,
      kind: "secret",
      name,
      value: row?.value ?? "",
      updatedAt: 0,
    });
    if (projectId === "p1") await vault().delete("p1", "TOKEN");
    const { code, text } = await failure(vault().reveal(projectId, "production"));
    expect([code, text.includes("does not open: it was changed, or belongs to another record")]).toEqual([
      "Permanent",
      true,
    ]);
    expect(text).not.toContain("planted");
  });

  it("notices any change of what is kept", async () => {
    await vault().put("p1", "TOKEN", PLANTED);
    const [row] = await rows();
    const value = row?.value ?? "";
    for (let at = 0; at < value.length; at += 7) {
      const changed = value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
      await store.projects.putSetting({
        projectId: "p1",
        kind: "secret",
        name: "TOKEN",
        value: changed,
        updatedAt: 0,
      });
      const { code, text } = await failure(vault().reveal("p1"));
      expect(code, `character ${at}`).toBe("Permanent");
      expect(text).not.toContain("planted");
    }
  });

  it.each(["", "slw1", "slw1.a.b", "slw1.a.b.c.d", "slw2.a.b.c", "plain"])(
    "refuses %j as a sealed text",
    async (value) => {
      await store.projects.putSetting({
        projectId: "p1",
        kind: "secret",
        name: "TOKEN",
        value,
        updatedAt: 0,
      });
      expect(await failure(vault().reveal("p1"))).toMatchObject({ code: "Permanent" });
    },
  );

  it("refuses a shortened text without a crash", () => {
    const [format, id] = vault().seal("x", "c").split(".");
    for (const part of ["AAAA", "A".repeat(20), "A".repeat(38)]) {
      expect(() => vault().open([format, id, part, part].join("."), "c")).toThrow("does not open");
    }
  });

  it("names both keys where the server has another one", async () => {
    await vault().put("p1", "TOKEN", PLANTED);
    const other = MasterKey.random();
    const { code, text } = await failure(vault(other).reveal("p1"));
    expect(code).toBe("Permanent");
    expect(text).toContain(`The secret TOKEN was sealed with the master key ${MASTER.id}`);
    expect(text).toContain(`it has ${other.id}`);
  });

  it.each([
    ["", "is not empty"],
    ["1ST", "begins with no digit"],
    ["MY-TOKEN", "letters"],
    ["MY TOKEN", "letters"],
    ["A/B", "letters"],
    ["Ünï", "letters"],
    ["A\n", "letters"],
    ["GITHUB_TOKEN", "does not begin with GITHUB_"],
    ["github_x", "does not begin with GITHUB_"],
    ["A".repeat(256), "at most 255 characters"],
  ])("refuses the name %j", async (name, reason) => {
    const { code, text } = await failure(vault().put("p1", name, PLANTED));
    expect([code, text.includes(reason), text.includes("planted")]).toEqual(["InvalidSpec", true, false]);
    expect(await rows()).toEqual([]);
  });

  it("takes 48 KiB of UTF-8 and not a byte more", async () => {
    const most = "ü".repeat(24 * 1024);
    await vault().put("p1", "MOST", most);
    const { code, text } = await failure(vault().put("p1", "MORE", `${most}x`));
    expect([code, text.includes("MORE is larger than 49152 bytes"), text.includes("üü")]).toEqual([
      "QuotaExceeded",
      true,
      false,
    ]);
    expect(Object.keys(await vault().reveal("p1"))).toEqual(["MOST"]);
  });

  it("seals for others by a context", () => {
    const sealed = vault().seal(PLANTED, "webhook 1");
    expect(vault().open(sealed, "webhook 1")).toBe(PLANTED);
    expect(() => vault().open(sealed, "webhook 2")).toThrow("does not open");
  });
});
