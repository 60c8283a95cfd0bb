// The kit's git, where the image has nothing: against a server that speaks git's protocol in the container itself.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type Docker from "dockerode";
import { beforeAll, expect, it } from "vitest";
import { KIT } from "../../src/executors/kit/kit-layout.ts";
import { ensureKitVolume, kitMount } from "../../src/executors/kit/kit-volume.ts";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { testKit } from "../support/kit.ts";
import { type ContainerOutcome, runContainer } from "../support/run-container.ts";
import { Sandbox } from "../support/slipway.ts";

let client: Docker;
let kit: Docker.MountSettings;
beforeAll(async () => {
  ({ client } = await testDocker());
  kit = kitMount(await ensureKitVolume(client, (await testKit()).source));
});

const GIT_ENV = {
  GIT_EXEC_PATH: KIT.gitExecPath,
  GIT_TEMPLATE_DIR: KIT.gitTemplates,
  GIT_SSL_CAINFO: KIT.certificates,
  GIT_CONFIG_NOSYSTEM: "1",
};

/** Served by the kit's own node: the container needs nothing else. */
const SERVER = `
  import { spawn, spawnSync } from "node:child_process";
  import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
  import { createServer as http } from "node:http";
  import { createServer as https } from "node:https";
  const GIT = ${JSON.stringify(KIT.git)};
  const env = { ...process.env, HOME: "/work", ...${JSON.stringify(GIT_ENV)} };
  export const git = (...args) => {
    const { status, stdout, stderr } = spawnSync(GIT, args, { env, encoding: "utf8" });
    if (status !== 0) throw new Error("git " + args.join(" ") + " ended with " + status + ": " + stderr);
    return stdout.trim();
  };
  const started = (...args) => new Promise((resolve, reject) => {
    const child = spawn(GIT, args, { env: { ...env, ...(process.env.CA ? { GIT_SSL_CAINFO: "/work/ca.pem" } : {}) }, stdio: ["ignore", "pipe", "pipe"] });
    let said = ""; child.stderr.on("data", (chunk) => { said += chunk; });
    child.on("close", (code) => code === 0 ? resolve() : reject(new Error(said)));
  });
  const answer = (request, response) => {
    const refs = request.url === "/repo.git/info/refs?service=git-upload-pack";
    response.setHeader("content-type", refs ? "application/x-git-upload-pack-advertisement" : "application/x-git-upload-pack-result");
    if (refs) response.write("001e# service=git-upload-pack\\n0000");
    const pack = spawn(GIT, ["upload-pack", "--stateless-rpc", ...(refs ? ["--advertise-refs"] : []), "/work/repo.git"], { env });
    if (!refs) request.pipe(pack.stdin);
    pack.stdout.pipe(response);
  };
  git("init", "--quiet", "--initial-branch=main", "/work/source");
  writeFileSync("/work/source/hello.txt", "hello from the repository\\n");
  const as = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-C", "/work/source"];
  git(...as, "add", "hello.txt");
  git(...as, "commit", "--quiet", "--message=First");
  git("clone", "--quiet", "--bare", "/work/source", "/work/repo.git");
  const { CA, KEY, CERT } = process.env;
  if (CA) writeFileSync("/work/ca.pem", CA);
  const server = KEY ? https({ key: KEY, cert: CERT }, answer) : http(answer);
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const url = (KEY ? "https" : "http") + "://localhost:" + server.address().port + "/repo.git";
  try {
    await started("clone", "--quiet", "--depth=1", url, "/work/clone");
    console.log(readFileSync("/work/clone/hello.txt", "utf8") + git("-C", "/work/clone", "rev-list", "--count", "HEAD"));
  } catch (error) { console.error(error.message); process.exitCode = 1; }
  server.close(); server.closeAllConnections();
`;

async function clone(env: readonly string[]): Promise<ContainerOutcome> {
  const image = await loadImage(client, "scratch", {
    files: [{ path: "work", type: "directory", mode: 0o777 }],
  });
  const network = await client.createNetwork({ Name: `kit-git-${process.pid}-${env.length}` });
  try {
    return await runContainer(client, {
      image,
      user: "12345",
      env,
      entrypoint: [KIT.node, "--input-type=module", "--eval", SERVER],
      cmd: [],
      mounts: [kit],
      network: network.id,
    });
  } finally {
    await network.remove();
  }
}

it("clones over HTTP in an image that holds nothing, as a user that nobody knows", async () => {
  expect(await clone([])).toEqual({ code: 0, stdout: "hello from the repository\n1\n", stderr: "" });
});

it("clones over HTTPS from a server whose authority it is given, and from no other", async () => {
  using sandbox = new Sandbox();
  const { key, certificate } = selfSigned(sandbox);
  const served = [`KEY=${key}`, `CERT=${certificate}`];
  expect(await clone([...served, `CA=${certificate}`])).toEqual({
    code: 0,
    stdout: "hello from the repository\n1\n",
    stderr: "",
  });
  const refused = await clone(served);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/certificate verification failed|server certificate/i);
});

it("brings Debian's authorities", async () => {
  const { folder } = await testKit();
  const text = readFileSync(`${folder}/etc/ca-certificates.crt`, "utf8");
  expect(text.match(/-----BEGIN CERTIFICATE-----\n/g)?.length).toBeGreaterThan(100);
  expect(text.match(/-----END CERTIFICATE-----\n/g)?.length).toBe(text.match(/-----BEGIN/g)?.length);
});

it("runs git's own scripts with the kit's shell: submodules", async () => {
  const script = `import { spawnSync } from "node:child_process";
    const env = { HOME: "/work", PATH: "", ...${JSON.stringify(GIT_ENV)} };
    const git = (...args) => spawnSync(${JSON.stringify(KIT.git)}, args, { env, encoding: "utf8" });
    git("init", "--quiet", "/work/a");
    const { status, stdout, stderr } = git("-C", "/work/a", "submodule", "status");
    console.log(status, stdout + stderr);`;
  const image = await loadImage(client, "scratch", {
    files: [{ path: "work", type: "directory", mode: 0o777 }],
  });
  const { stdout } = await runContainer(client, {
    image,
    entrypoint: [KIT.node, "--input-type=module", "--eval", script],
    cmd: [],
    mounts: [kit],
  });
  expect(stdout).toBe("0 \n");
});

function selfSigned(sandbox: Sandbox): { readonly key: string; readonly certificate: string } {
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  const files = [
    "-addext",
    "subjectAltName=DNS:localhost",
    "-keyout",
    sandbox.join("key.pem"),
    "-out",
    sandbox.join("cert.pem"),
  ];
  execFileSync("openssl", [...args, ...files], { stdio: "ignore" });
  return {
    key: readFileSync(sandbox.join("key.pem"), "utf8"),
    certificate: readFileSync(sandbox.join("cert.pem"), "utf8"),
  };
}
