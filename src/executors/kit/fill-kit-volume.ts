import { Readable } from "node:stream";
import type Docker from "dockerode";
import { ExecError } from "../../errors.ts";
import { dockerArchive } from "./docker-archive.ts";
import { KIT, KIT_ROOT } from "./kit-layout.ts";
import { KIT_LABELS, type KitSource } from "./kit-source.ts";
import { kitTar } from "./kit-tar.ts";
import { layerTar } from "./layer-tar.ts";

/** Nothing but the folder that the volume is mounted on. The name is one that no registry has. */
const EMPTY_IMAGE = "localhost/slipway/empty:1";

/** Makes the volume `name`, whole, and the container of that name that holds it. Leaves nothing where it throws. */
export async function fillKitVolume(
  docker: Docker,
  source: KitSource,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Docker.Container> {
  const image = source.kind === "image" ? source.reference : await ensureEmptyImage(docker);
  await docker.createVolume({ Name: name, Labels: { ...KIT_LABELS } });
  let container: Docker.Container | undefined;
  try {
    container = await docker.createContainer({
      name,
      Image: image,
      Entrypoint: [KIT.busybox, "true"],
      Cmd: [],
      Labels: { ...KIT_LABELS },
      HostConfig: {
        NetworkMode: "none",
        Mounts: [{ Type: "volume", Source: name, Target: KIT_ROOT }],
      },
    });
    if (source.kind === "folder") await send(container, source.folder, signal);
    else await copyFromImage(container);
    return container;
  } catch (error) {
    await container?.remove({ force: true, v: true });
    await docker.getVolume(name).remove();
    throw error;
  }
}

async function send(
  container: Docker.Container,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const abort = signal === undefined ? {} : { abortSignal: signal };
  await container.putArchive(kitTar(folder), { path: KIT_ROOT, ...abort });
}

/** An empty volume is filled from what the image has at its place: by Docker when it is made, by podman when it starts. */
async function copyFromImage(container: Docker.Container): Promise<void> {
  await container.start();
  const { StatusCode } = await container.wait();
  if (StatusCode !== 0) {
    throw new ExecError(
      "Permanent",
      `The runner image holds no kit: ${KIT.busybox} ended with ${StatusCode}.`,
    );
  }
}

async function ensureEmptyImage(docker: Docker): Promise<string> {
  const isThere = await docker
    .getImage(EMPTY_IMAGE)
    .inspect()
    .then(() => true)
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return false;
      throw error;
    });
  if (isThere) return EMPTY_IMAGE;
  const { Arch } = await docker.version();
  const layer = await layerTar([{ path: KIT_ROOT.slice(1), type: "directory" }]);
  const { tar } = await dockerArchive(EMPTY_IMAGE, Arch === "arm64" ? "arm64" : "amd64", [layer], {
    labels: KIT_LABELS,
  });
  const answer = await docker.loadImage(Readable.from([tar]), { quiet: true });
  // The answer's end is the end of the work.
  for await (const _ of answer);
  return EMPTY_IMAGE;
}
