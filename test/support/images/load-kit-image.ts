import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { kitImage } from "../../../scripts/kit/kit-image.ts";
import { testKit } from "../kit.ts";
import { loadImage } from "./load-image.ts";

/** The runner image of what is in `dist/`, in the daemon: `slipway.test/runner:<hash of what is in it>`. */
export async function loadKitImage(client: Docker): Promise<string> {
  const { folder } = await testKit();
  const { content } = JSON.parse(readFileSync(join(folder, "kit.json"), "utf8")) as { content: string };
  const reference = `slipway.test/runner:${content.slice(0, 12)}`;
  const there = await client
    .getImage(reference)
    .inspect()
    .catch(() => undefined);
  // The name says what is in it: to make it once more, some hundred megabytes, only to compare would be a waste.
  if (there !== undefined) return reference;
  const archive = await kitImage(folder, process.arch === "arm64" ? "arm64" : "x64", reference);
  return await loadImage(client, { reference, ...archive });
}
