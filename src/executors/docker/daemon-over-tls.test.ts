import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDocker } from "../../../test/support/docker.ts";
import { systemClock } from "../../clock.ts";
import { Recording } from "../conformance/recording.ts";
import { run } from "../conformance/steps.ts";
import { dockerPlace } from "./docker-place.fixture.ts";
import { dockerodeEngine } from "./dockerode-engine.ts";
import { parseEngineAddress } from "./engine-address.ts";

let folder: string;
let server: Server;
let address: string;

/** A folder as `DOCKER_CERT_PATH` names it: an authority, and what it says of a server and of a client. */
function certificates(name: string): string {
  const at = join(folder, name);
  mkdirSync(at);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: at, stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-subj",
    `/CN=${name}`,
    "-days",
    "2",
    "-keyout",
    "ca-key.pem",
    "-out",
    "ca.pem",
  );
  for (const [file, more] of [
    ["server", ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]],
    ["client", []],
  ] as const) {
    const [keyFile, request, out] =
      file === "client" ? ["key.pem", "c.csr", "cert.pem"] : ["server-key.pem", "s.csr", "server.pem"];
    openssl("req", ...key, "-subj", `/CN=${file}`, ...more, "-keyout", keyFile, "-out", request);
    openssl(
      "x509",
      "-req",
      "-in",
      request,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca-key.pem",
      "-CAcreateserial",
      "-days",
      "2",
      "-copy_extensions",
      "copy",
      "-out",
      out,
    );
  }
  return at;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-tls-"));
  const own = certificates("own");
  certificates("others");
  const { socketPath = "" } = await testDocker();
  const read = (name: string) => readFileSync(join(own, name));
  const tls = { key: read("server-key.pem"), cert: read("server.pem"), ca: read("ca.pem") };
  server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (near) => {
    const far = connect(socketPath);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const engine = (certificatesOf: string) =>
  dockerodeEngine({
    address: parseEngineAddress(address, true),
    tlsFolder: join(folder, certificatesOf),
    clock: systemClock,
  });

describe("a daemon behind TLS", { timeout: 60_000 }, () => {
  it("runs a job for who has certificates of its authority", async () => {
    const place = await dockerPlace({ mode: "volume", more: { engine: () => engine("own") } });
    const said = new Recording();
    const request = { ...place.request("job"), steps: [run("echo over TLS")] };
    const job = await place.executor.start(request, said.sink, said.note);
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    await job.release?.();
    expect(said.printed()).toBe("over TLS\n");
    expect(await place.leftovers()).toEqual([]);
    await place.close();
  });

  it("is not trusted where another authority speaks for it, and says so", async () => {
    const asked = (await engine("others")).info();
    await expect(asked).rejects.toMatchObject({
      code: "Forbidden",
      message: expect.stringMatching(/certificate|self.signed/i),
    });
  });

  it("is not talked to where the certificates are missing, and which is said", async () => {
    await expect(engine("nowhere")).rejects.toMatchObject({
      code: "InvalidSpec",
      message: expect.stringContaining("ca.pem"),
    });
  });
});
