import type Docker from "dockerode";
import { testKitImage } from "./kit-image.ts";
import { loadImage } from "./load-image.ts";

/** The runner image of what is in `dist/`, in the daemon. */
export async function loadKitImage(client: Docker): Promise<string> {
  const { reference, make } = await testKitImage();
  const there = await client
    .getImage(reference)
    .inspect()
    .catch(() => undefined);
  // The name says what is in it: to make it once more, some hundred megabytes, only to compare would be a waste.
  if (there !== undefined) return reference;
  return await loadImage(client, await make());
}
