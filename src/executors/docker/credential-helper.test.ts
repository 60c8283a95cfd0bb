import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialHelper } from "./credential-helper.ts";
import { askedAuth } from "./registry-credentials.ts";

const { signal } = new AbortController();
const HUB = "https://index.docker.io/v1/";
let folder: string;

/** A helper program as docker has them, named `docker-credential-<name>`. */
function program(name: string, script: string): void {
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-helper-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const helper = (limitMs?: number) =>
  credentialHelper({ PATH: `${folder}:${process.env.PATH}`, FOLDER: folder }, limitMs);

describe("a program that keeps credentials", () => {
  it("is asked for a registry as docker asks it, and answers with a name and a secret", async () => {
    program(
      "store",
      `[ "$1" = get ] || exit 9\ncat > "$FOLDER/asked"\necho '{"ServerURL":"r.test","Username":"me","Secret":"s3cret"}'`,
    );
    expect(await helper()("store", "r.test:5000", signal)).toEqual({ username: "me", secret: "s3cret" });
    expect(readFileSync(join(folder, "asked"), "utf8")).toBe("r.test:5000");
  });

  it("may have nothing", async () => {
    program("store", "echo 'credentials not found in native keychain'; exit 1");
    expect(await helper()("store", "r.test", signal)).toBeUndefined();
  });

  it.each([
    [
      "ends with an error",
      "echo 'the keychain is locked'; exit 3",
      /docker-credential-store ended with 3: the keychain is locked/,
    ],
    [
      "says what is no credentials",
      'echo \'{"Secret": "s3cr\'',
      /^docker-credential-store answered with something that is no credentials\.$/,
    ],
    ["says nothing in time", "exec sleep 60", /docker-credential-store did not answer within 0\.2 s/],
  ])("is told of where it %s", async (_, script, message) => {
    program("store", script);
    await expect(
      helper(message.source.includes("0\\.2") ? 200 : undefined)("store", "r.test", signal),
    ).rejects.toThrow(message);
  });

  it("is told of where it is not there, or its name leads elsewhere", async () => {
    await expect(helper()("missing", "r.test", signal)).rejects.toThrow(
      /docker-credential-missing cannot be run/,
    );
    await expect(helper()("../store", "r.test", signal)).rejects.toThrow(/no name of a program/);
  });
});

describe("credentials for a registry", () => {
  const auths = { "r.test": { auth: Buffer.from("file:password").toString("base64") } };
  const ask = async (name: string, address: string) => {
    if (name === "broken") throw new Error("the keychain is locked");
    return name === "empty" ? undefined : { username: name === "tokens" ? "<token>" : name, secret: address };
  };
  const asked = async (registry: string, file: Parameters<typeof askedAuth>[1]) => {
    const notes: string[] = [];
    const auth = await askedAuth(registry, file, ask, (text) => void notes.push(text), signal);
    return { auth, notes };
  };

  it("are asked of the registry's own program, else of the one for all", async () => {
    const file = { credHelpers: { "https://r.test/v2/": "own" }, credsStore: "all", auths };
    expect((await asked("r.test", file)).auth).toEqual({
      username: "own",
      password: "r.test",
      serveraddress: "r.test",
    });
    expect((await asked("docker.io", file)).auth).toEqual({
      username: "all",
      password: HUB,
      serveraddress: HUB,
    });
  });

  it("may be a token", async () => {
    expect((await asked("r.test", { credsStore: "tokens" })).auth).toEqual({
      identitytoken: "r.test",
      serveraddress: "r.test",
    });
  });

  it("are left to the file where the program has none, and where it fails, which is told", async () => {
    expect(await asked("r.test", { credsStore: "empty", auths })).toEqual({ auth: undefined, notes: [] });
    const { auth, notes } = await asked("r.test", { credsStore: "broken", auths });
    expect(auth).toBeUndefined();
    expect(notes).toEqual(["The credentials for r.test could not be asked for: the keychain is locked"]);
  });
});
