import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../telemetry/logger.ts";
import { MasterKey } from "./master-key.ts";
import { openMasterKey } from "./open-master-key.ts";

const BYTES = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + 251) % 256));

describe("openMasterKey", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-key-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("makes a file that only this user reads, and takes the same key from it ever after", async () => {
    const file = join(folder, "data", "master-key");
    const first = await openMasterKey({ file }, silentLogger);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await openMasterKey({ file }, silentLogger)).id).toBe(first.id);
    expect(readdirSync(join(folder, "data"))).toEqual(["master-key"]);
  });

  it("gives many that start at once one key", async () => {
    const file = join(folder, "master-key");
    const keys = await Promise.all(Array.from({ length: 8 }, () => openMasterKey({ file }, silentLogger)));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
  });

  it("takes a given key before the file, and then makes none", async () => {
    const file = join(folder, "master-key");
    const key = await openMasterKey({ value: BYTES.toString("hex"), file }, silentLogger);
    expect(key.id).toBe(new MasterKey(BYTES).id);
    expect(existsSync(file)).toBe(false);
    expect((await openMasterKey({ value: " ", file }, silentLogger)).id).not.toBe(key.id);
  });

  it("closes a file that others could read, and warns", async () => {
    const file = join(folder, "master-key");
    writeFileSync(file, BYTES.toString("base64"), { mode: 0o644 });
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) };
    await openMasterKey({ file }, logger);
    expect(warnings).toEqual(["others could read the master key; its mode is set to 0600"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("says what is wrong with a file, and leaves it alone", async () => {
    const file = join(folder, "master-key");
    writeFileSync(file, "no key", { mode: 0o600 });
    await expect(openMasterKey({ file }, silentLogger)).rejects.toMatchObject({
      code: "InvalidSpec",
      message: expect.stringContaining(`The content of ${file} is not a key`),
    });
    expect(readFileSync(file, "utf8")).toBe("no key");
    await expect(openMasterKey({ file: join(file, "below") }, silentLogger)).rejects.toThrow(
      "cannot use the master key",
    );
  });
});
