import {
  type DockerArchive,
  dockerArchive,
  type ImageConfig,
} from "../../../src/executors/kit/docker-archive.ts";
import { type LayerEntry, layerTar, sha256 } from "../../../src/executors/kit/layer-tar.ts";
import { BASES, type Base, type BaseImage } from "./base-files.ts";

export interface TestImage extends DockerArchive {
  /** `slipway.test/<base>:<hash of what is in it>`. */
  readonly reference: string;
}

export interface TestImageOptions extends ImageConfig {
  /** Added to the environment that the base has; the rest replaces. */
  readonly env?: Readonly<Record<string, string>>;
  /** Laid over the base. */
  readonly files?: readonly LayerEntry[];
  /** Instead of the name made from what is in it. */
  readonly reference?: string;
}

const bases = new Map<BaseImage, Promise<Base & { readonly layer: Buffer }>>();

/** A small image made of this machine's files, without a daemon or a registry; the same on every run. */
export async function testImage(base: BaseImage, options: TestImageOptions = {}): Promise<TestImage> {
  let made = bases.get(base);
  if (made === undefined) {
    const { files, config } = BASES[base]();
    made = layerTar(files).then((layer) => ({ files, config, layer }));
    bases.set(base, made);
  }
  const { config, layer } = await made;
  const { files = [], reference, ...over } = options;
  const layers = files.length === 0 ? [layer] : [layer, await layerTar(files)];
  const merged = { ...config, ...over, env: { ...config.env, ...over.env } };
  const hash = sha256([JSON.stringify(merged), ...layers.map(sha256)].join("\n")).slice(0, 12);
  const name = reference ?? `slipway.test/${base}:${hash}`;
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  return { reference: name, ...(await dockerArchive(name, arch, layers, merged)) };
}
