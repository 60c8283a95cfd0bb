import type { RequestOptions } from "node:https";
import { ExecError } from "../../errors.ts";

/** The way to an API server, with credentials that are asked for anew with each request. */
export interface KubeAccess {
  /** Origin, with a path prefix perhaps, without a slash at the end. */
  readonly server: string;
  /** Namespace of the kubeconfig's context or of the pod this runs in. */
  readonly namespace: string | undefined;
  credentials(): Promise<KubeCredentials>;
}

export type KubeCredentials = Pick<
  RequestOptions,
  "ca" | "cert" | "key" | "pfx" | "passphrase" | "rejectUnauthorized" | "servername" | "auth"
> & {
  readonly headers: { readonly [name: string]: string };
  /** Where the way leads through a proxy; absent: straight. */
  readonly agent?: RequestOptions["agent"];
};

export interface KubeAccessSettings {
  /** Path of a kubeconfig. Absent: the service account of the pod this runs in, else what `kubectl` would take. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig. Absent: its current one. */
  readonly context?: string;
}

/** Reads how the cluster is reached. Exec plug-ins, token files and in-cluster tokens are followed as they change. */
export async function loadKubeAccess(settings: KubeAccessSettings): Promise<KubeAccess> {
  const { KubeConfig } = await import("./kubeconfig-library.ts");
  const config = new KubeConfig();
  try {
    if (settings.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(settings.kubeconfig);
  } catch (cause) {
    throw unreadable(settings.kubeconfig, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (settings.context !== undefined) config.setCurrentContext(settings.context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw unreadable(
      settings.kubeconfig,
      `it has no context '${config.getCurrentContext()}' (${known.length === 0 ? "none at all" : known.join(", ")})`,
    );
  }
  return {
    server: cluster.server.replace(/\/+$/, ""),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async credentials() {
      // The library fills in what a request needs, and makes an agent of its own, which is kept only for a proxy.
      const options: RequestOptions = { headers: {} };
      // A server without TLS is let through by the library only where TLS is not looked at either.
      if (cluster.server.startsWith("http:")) Object.assign(cluster, { skipTLSVerify: true });
      await config.applyToHTTPSOptions(options);
      const { agent, headers, ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, auth } =
        options;
      const given = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, auth };
      return {
        ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
        headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, `${value}`])),
        ...(cluster.proxyUrl === undefined ? {} : { agent }),
      };
    },
  };
}

function unreadable(path: string | undefined, why: string, cause?: unknown): ExecError {
  return new ExecError(
    "InvalidSpec",
    `The kubeconfig${path === undefined ? "" : ` '${path}'`} cannot be used: ${why}`,
    {
      cause,
    },
  );
}
