import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { fillKitVolume } from "./fill-kit-volume.ts";
import { readKitDescription } from "./kit-description.ts";
import { KIT_ROOT } from "./kit-layout.ts";
import { KIT_LABELS, type KitSource } from "./kit-source.ts";

export interface KitVolume {
  /** Of the volume, full. */
  readonly name: string;
  /** What tells this kit from others. */
  readonly content: string;
}

const KEEPER = "slipway-kit-";

/**
 * The kit as a volume of this daemon, made where it is not there; with an existing one it costs one question (two from an
 * image). Throws `ExecError`, or what the daemon says.
 *
 * A volume and not a bind of the folder, on the daemon's own machine too: it stays as it is while jobs outlive the program that
 * started them and the folder is made anew, and it works where the daemon sees other files than this program does.
 *
 * A volume cannot be renamed and its labels cannot be changed, so that nothing on it could say that it is whole. A container
 * says so, its *keeper*, never started: it holds the volume while that is filled, and takes the kit's name after that. A name
 * is had once: of two that fill at the same time one finds it taken, drops its own and uses the other's. A volume whose
 * keeper has no such name is half filled, and nobody finds it. As long as the keeper is there the daemon removes no volume.
 */
export async function ensureKitVolume(
  docker: Docker,
  source: KitSource,
  signal?: AbortSignal,
): Promise<KitVolume> {
  const content = await contentOf(docker, source);
  const keeper = `${KEEPER}${content.slice(0, 24)}`;
  const there = await volumeOf(docker, keeper);
  if (there !== undefined) return { name: there, content };
  const own = `${keeper}-${randomBytes(6).toString("hex")}`;
  const container = await fillKitVolume(docker, source, own, signal);
  try {
    await container.rename({ name: keeper });
    return { name: own, content };
  } catch (error) {
    await container.remove({ force: true, v: true });
    await docker.getVolume(own).remove();
    const others = await volumeOf(docker, keeper);
    if (others === undefined) throw error;
    return { name: others, content };
  }
}

/** How a container has the kit: read-only, and never filled from its own image. */
export function kitMount(volume: KitVolume): Docker.MountSettings {
  return {
    Type: "volume",
    Source: volume.name,
    Target: KIT_ROOT,
    ReadOnly: true,
    VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: "local", Options: {} } },
  };
}

async function contentOf(docker: Docker, source: KitSource): Promise<string> {
  if (source.kind === "folder") return (await readKitDescription(source.folder)).content;
  const { Id } = await docker.getImage(source.reference).inspect();
  return Id.replace(/^sha256:/, "");
}

async function volumeOf(docker: Docker, keeper: string): Promise<string | undefined> {
  try {
    const { Mounts } = await docker.getContainer(keeper).inspect();
    return Mounts.find(({ Destination }) => Destination === KIT_ROOT)?.Name;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/**
 * Removes kits other than `keep` that were made before `madeBeforeMs` (of the system's clock) and that no other container
 * has, and what was left half filled. Gives how many. A moment is left between a job's question for the kit and its start:
 * let `madeBeforeMs` be so long ago that no program still asks for that kit.
 */
export async function sweepKitVolumes(docker: Docker, keep: string, madeBeforeMs: number): Promise<number> {
  const filters = { label: Object.entries(KIT_LABELS).map(([name, value]) => `${name}=${value}`) };
  let removed = 0;
  for (const { Id, Names, Created, Mounts } of await docker.listContainers({ all: true, filters })) {
    const volume = Mounts.find(({ Destination }) => Destination === KIT_ROOT)?.Name;
    const isKept = Names.includes(`/${KEEPER}${keep.slice(0, 24)}`);
    if (volume === undefined || isKept || Created * 1000 >= madeBeforeMs) continue;
    const users = await docker.listContainers({ all: true, filters: { volume: [volume] } });
    if (users.some((user) => user.Id !== Id)) continue;
    await docker.getContainer(Id).remove({ force: true, v: true });
    await docker.getVolume(volume).remove();
    removed += 1;
  }
  return removed;
}
