import { join } from "node:path";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { BlobArtifactCatalog } from "./blob-artifact-catalog.ts";
import { FolderUploads } from "./folder-uploads.ts";
import type { Services, ServicesOptions } from "./services.ts";
import { listArtifacts, storedArtifact } from "./stored-artifacts.ts";

/** What can be done with a folder of artifacts without a server. */
export function artifactFolder({
  clock,
  directory,
}: ServicesOptions): Pick<Services, "listArtifacts" | "collectArtifacts"> {
  const store = new FolderBlobStore({ root: directory });
  const catalog = new BlobArtifactCatalog(store, clock);
  return {
    listArtifacts: (buildId) => listArtifacts(catalog, store, buildId),
    async collectArtifacts(request) {
      const { collectArtifacts } = await import("./collect-artifacts.ts");
      const uploads = new FolderUploads(join(directory, ".uploads"));
      const report = await collectArtifacts({ catalog, uploads, clock }, request);
      return { ...report, artifacts: report.artifacts.map((artifact) => storedArtifact(artifact, store)) };
    },
  };
}
