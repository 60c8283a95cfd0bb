/** Where a server's artifacts and caches lie in its blob store. `id`: of the upload, or any other that is used once. */

export function artifactKey(projectId: string, rootId: string, id: string): string {
  return `artifacts/${projectId}/${rootId}/${id}`;
}

export function cacheKey(projectId: string, id: string): string {
  return `caches/${projectId}/${id}`;
}
