import type { NewUpload, Upload, Uploads } from "./uploads.ts";

/**
 * Takes a name for an upload. A job that failed to upload may begin again, and what a job left that has ended counts for
 * nothing. Undefined: another job is uploading it, or this one just now.
 */
export async function beginUpload(
  uploads: Uploads,
  request: NewUpload,
  isLive: (owner: string) => Promise<boolean>,
): Promise<Upload | undefined> {
  const old = await uploads.byName(request.name);
  if (old) {
    const held = old.owner === request.owner ? old.busy : await isLive(old.owner);
    if (held) return undefined;
    await uploads.end(old);
  }
  return uploads.begin(request);
}
