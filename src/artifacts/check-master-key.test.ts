import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { ExecError } from "../errors.ts";
import { FakeClock } from "../fake-clock.ts";
import { MasterKey } from "../identity/master-key.ts";
import { SecretVault } from "../identity/secret-vault.ts";
import { checkMasterKey } from "./check-master-key.ts";

const noProjects = {
  putSetting: async () => undefined,
  listSettings: async () => [],
  deleteSetting: async () => false,
};

function vault(first: MasterKey, ...older: MasterKey[]): SecretVault {
  return new SecretVault({ projects: noProjects, masterKeys: [first, ...older], clock: new FakeClock() });
}

async function openBlobs(): Promise<FolderBlobStore> {
  const root = await mkdtemp(join(tmpdir(), "slipway-check-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return new FolderBlobStore({ root });
}

it("lets in every server that has the key of the first, also those that start at once", async () => {
  const [blobs, key] = [await openBlobs(), MasterKey.random()];
  await Promise.all(Array.from({ length: 4 }, () => checkMasterKey(blobs, vault(key))));
  await checkMasterKey(blobs, vault(key));
});

it("stops a server with another key, and says which both are", async () => {
  const [blobs, key, other] = [await openBlobs(), MasterKey.random(), MasterKey.random()];
  await checkMasterKey(blobs, vault(key));
  await expect(checkMasterKey(blobs, vault(other))).rejects.toMatchObject({
    code: "Permanent",
    message: expect.stringMatching(new RegExp(`not the one its data was made with.*${key.id}.*${other.id}`)),
  });
  await checkMasterKey(blobs, vault(key));
});

it("takes a new key beside the old one, and from then on by itself", async () => {
  const [blobs, old, next] = [await openBlobs(), MasterKey.random(), MasterKey.random()];
  await checkMasterKey(blobs, vault(old));
  await checkMasterKey(blobs, vault(next, old));
  await checkMasterKey(blobs, vault(next));
  await expect(checkMasterKey(blobs, vault(old))).rejects.toMatchObject({ code: "Permanent" });
});

it("does not take a store that cannot be reached for a wrong key", async () => {
  const down = async () => {
    throw new ExecError("Transient", "no answer");
  };
  const failing = checkMasterKey({ get: down, put: down }, vault(MasterKey.random()));
  await expect(failing).rejects.toMatchObject({ code: "Transient", message: "no answer" });
});
