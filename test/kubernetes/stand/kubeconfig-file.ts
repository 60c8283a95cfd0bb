import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KubeconfigTarget {
  readonly token: string;
  /** PEM; undefined: plain HTTP. */
  readonly ca: string | undefined;
  /** The name in the server's certificate. */
  readonly serverName: string;
}

/** Kubeconfigs for one token, for whichever port of 127.0.0.1 the API is reached by. */
export class KubeconfigFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), "slipway-kubeconfig-"));
  readonly #target: KubeconfigTarget;

  constructor(target: KubeconfigTarget) {
    this.#target = target;
  }

  write(port: number): string {
    const { token, ca, serverName } = this.#target;
    const path = join(this.#folder, `${port}.json`);
    const cluster =
      ca === undefined
        ? { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true }
        : {
            server: `https://127.0.0.1:${port}`,
            "certificate-authority-data": Buffer.from(ca).toString("base64"),
            "tls-server-name": serverName,
          };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster }],
      users: [{ name: "worker", user: { token } }],
      contexts: [{ name: "worker", context: { cluster: "test", user: "worker" } }],
      "current-context": "worker",
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
