import type { Services, ServicesOptions } from "./services.ts";

/**
 * The same services, started by the first `servicesFor`. Costs nothing until then: before that `revoke` and `close` do
 * nothing, `listArtifacts` and `collectArtifacts` use the folder alone.
 */
export function lazyServices(options: ServicesOptions): Services {
  let started: Promise<Services> | undefined;
  let folder: Promise<Pick<Services, "listArtifacts" | "collectArtifacts">> | undefined;
  let closed = false;

  const start = (): Promise<Services> => {
    started ??= import("./service-server.ts")
      .then(({ startServices }) => startServices(options))
      .catch((error) => {
        started = undefined;
        throw error;
      });
    return started;
  };
  const withoutServer = (): Promise<Pick<Services, "listArtifacts" | "collectArtifacts">> => {
    folder ??= import("./artifact-folder.ts").then(({ artifactFolder }) => artifactFolder(options));
    return started ?? folder;
  };

  return {
    async servicesFor(job) {
      if (!closed) return (await start()).servicesFor(job);
      const { ExecError } = await import("../errors.ts");
      throw new ExecError("Cancelled", "the artifact and cache services are closed");
    },
    async revoke(job) {
      await (await started)?.revoke(job);
    },
    listArtifacts: async (buildId) => (await withoutServer()).listArtifacts(buildId),
    collectArtifacts: async (request) => (await withoutServer()).collectArtifacts(request),
    async close() {
      closed = true;
      await (await started?.catch(() => undefined))?.close();
    },
  };
}
