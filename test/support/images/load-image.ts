import { Readable } from "node:stream";
import type Docker from "dockerode";
import type { BaseImage } from "./base-files.ts";
import { type TestImage, type TestImageOptions, testImage } from "./test-image.ts";

/** Gives the image to the daemon, where it has it not, and returns its reference. It stays: others use it too. */
export async function loadImage(
  client: Docker,
  image: TestImage | BaseImage,
  options: TestImageOptions = {},
): Promise<string> {
  const { reference, tar, imageId } = typeof image === "string" ? await testImage(image, options) : image;
  const there = await client
    .getImage(reference)
    .inspect()
    .catch(() => undefined);
  if (there?.Id === imageId) return reference;
  const answer = await client.loadImage(Readable.from([tar]), { quiet: true });
  let said = "";
  for await (const chunk of answer) said += chunk.toString();
  if (said.includes('"error"')) throw new Error(`${reference} could not be loaded: ${said}`);
  return reference;
}
