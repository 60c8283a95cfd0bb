import { type DockerArchive, dockerArchive } from "../../src/executors/kit/docker-archive.ts";
import { KIT, KIT_ROOT } from "../../src/executors/kit/kit-layout.ts";
import { layerTar } from "../../src/executors/kit/layer-tar.ts";
import { ARCHES, type KitArch } from "./kit-arch.ts";
import { kitFiles } from "./kit-files.ts";

/**
 * The runner image, `slipway/runner`: the kit and nothing else, as `deploy/runner/Dockerfile` makes it. Started, it copies
 * the kit to `/kit`, which is how an init container gives it to a pod; owners are not kept, so that anybody can.
 */
export async function kitImage(folder: string, arch: KitArch, reference: string): Promise<DockerArchive> {
  const layer = await layerTar(kitFiles(folder, KIT_ROOT.slice(1)));
  return dockerArchive(reference, ARCHES[arch].debian, [layer], {
    entrypoint: [KIT.busybox, "cp", "-dR", `${KIT_ROOT}/.`],
    cmd: ["/kit/"],
  });
}
