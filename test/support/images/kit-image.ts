import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kitImage } from "../../../scripts/kit/kit-image.ts";
import { testKit } from "../kit.ts";
import type { TestImage } from "./test-image.ts";

/** The runner image of what is in `dist/`: `slipway.test/runner:<hash of what is in it>`. It takes a moment to make. */
export interface KitImage {
  readonly reference: string;
  make(): Promise<TestImage>;
}

export async function testKitImage(): Promise<KitImage> {
  const { folder } = await testKit();
  const { content } = JSON.parse(readFileSync(join(folder, "kit.json"), "utf8")) as { content: string };
  const reference = `slipway.test/runner:${content.slice(0, 12)}`;
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  return { reference, make: async () => ({ reference, ...(await kitImage(folder, arch, reference)) }) };
}
