import { existsSync, readFileSync } from "node:fs";
import type Docker from "dockerode";
import type { ImagesUnderTest } from "../../../src/executors/conformance/executor-under-test.ts";
import { dockerArchive } from "../../../src/executors/kit/docker-archive.ts";
import { type LayerEntry, layerTar, sha256 } from "../../../src/executors/kit/layer-tar.ts";
import { loadImage } from "./load-image.ts";
import { type TestImage, testImage } from "./test-image.ts";

const TOOLS: readonly LayerEntry[] = [
  {
    path: "image/bin/own-tool",
    type: "file",
    content: '#!/bin/sh\necho "the image\'s own"\n',
    mode: 0o755,
  },
  { path: "elsewhere", type: "directory" },
  { path: "home/user", type: "directory", uid: 1234, gid: 2345 },
];
const ENTRY: LayerEntry = {
  path: "image/bin/entry",
  type: "file",
  content: '#!/bin/sh\nprintf "entry:"; for each; do printf " [%s]" "$each"; done; echo\n',
  mode: 0o755,
};
const PLAIN = {
  env: { PATH: "/image/bin:/bin", FROM_IMAGE: "of the image", LANG: "C.UTF-8" },
  workdir: "/elsewhere",
};

/** What the image with an entrypoint starts by itself. */
export const ENTRYPOINT: readonly string[] = ["/image/bin/entry"];

type ConformanceImages = { readonly [K in keyof ImagesUnderTest]: TestImage };

/** The images of the conformance suite, as they are brought to a daemon or to the nodes of a cluster. */
export async function conformanceImages(): Promise<ConformanceImages> {
  return {
    plain: await testImage("busybox", { ...PLAIN, files: TOOLS }),
    noShell: await noShell(),
    nonRoot: await testImage("busybox", {
      ...PLAIN,
      env: { ...PLAIN.env, HOME: "/home/user" },
      files: TOOLS,
      user: "1234:2345",
    }),
    withEntrypoint: await testImage("busybox", {
      ...PLAIN,
      files: [...TOOLS, ENTRY],
      entrypoint: ENTRYPOINT,
    }),
  };
}

export function namesOf(images: ConformanceImages): ImagesUnderTest {
  const { plain, noShell: without, nonRoot, withEntrypoint } = images;
  return {
    plain: plain.reference,
    noShell: without.reference,
    nonRoot: nonRoot.reference,
    withEntrypoint: withEntrypoint.reference,
  };
}

/** The same, in a daemon. */
export async function loadConformanceImages(client: Docker): Promise<ImagesUnderTest> {
  const images = await conformanceImages();
  for (const image of Object.values(images)) await loadImage(client, image);
  return namesOf(images);
}

async function noShell(): Promise<TestImage> {
  const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path)) ?? "";
  const layer = await layerTar([
    { path: "busybox", type: "file", content: readFileSync(busybox), mode: 0o755 },
  ]);
  const reference = `slipway.test/no-shell:${sha256(layer).slice(0, 12)}`;
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  const config = { env: { FROM_IMAGE: "of the image" } };
  return { reference, ...(await dockerArchive(reference, arch, [layer], config)) };
}
