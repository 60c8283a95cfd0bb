/** A kubeconfig file: one cluster, each user with a context of the same name. JSON, which is YAML too. */
import type { ServerUser } from "./api-server.ts";

export function kubeconfigText(
  url: string,
  ca: string | undefined,
  users: readonly ServerUser[],
  current: string,
): string {
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "test",
          cluster: {
            server: url,
            // The official client takes plain HTTP only where nothing is to be verified.
            ...(ca === undefined
              ? { "insecure-skip-tls-verify": true }
              : { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
          },
        },
      ],
      users: users.map(({ name, token }) => ({ name, user: { token } })),
      contexts: users.map(({ name }) => ({
        name,
        context: { cluster: "test", user: name, namespace: "default" },
      })),
      "current-context": current,
    },
    undefined,
    2,
  )}\n`;
}
