import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { ArtifactCatalog } from "./artifact-catalog.ts";
import type { Services, ServicesOptions } from "./services.ts";
import { listArtifacts } from "./stored-artifacts.ts";

/** What can be done with a folder of artifacts without a server. */
export function artifactFolder({
  clock,
  directory,
}: ServicesOptions): Pick<Services, "listArtifacts" | "collectArtifacts"> {
  const store = new FolderBlobStore({ root: directory });
  const catalog = new ArtifactCatalog(store, clock);
  return {
    listArtifacts: (buildId) => listArtifacts(catalog, store, buildId),
    async collectArtifacts(request) {
      const { collectArtifacts } = await import("./collect-artifacts.ts");
      return collectArtifacts(catalog, store, request, clock);
    },
  };
}
