import { PassThrough } from "node:stream";
import type Docker from "dockerode";

export interface ContainerOptions {
  readonly image: string;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly readOnly?: boolean;
  readonly mounts?: readonly Docker.MountSettings[];
  /** Absent: none. */
  readonly network?: string;
}

export interface ContainerOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a container to its end, and removes it. */
export async function runContainer(client: Docker, options: ContainerOptions): Promise<ContainerOutcome> {
  const { image, entrypoint, cmd, env = [], user, readOnly = false, mounts = [], network = "none" } = options;
  const container = await client.createContainer({
    Image: image,
    ...(entrypoint === undefined ? {} : { Entrypoint: [...entrypoint] }),
    ...(cmd === undefined ? {} : { Cmd: [...cmd] }),
    Env: [...env],
    ...(user === undefined ? {} : { User: user }),
    HostConfig: { NetworkMode: network, ReadonlyRootfs: readOnly, Mounts: [...mounts] },
  });
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const [stdout, stderr] = [collected(), collected()];
    client.modem.demuxStream(stream, stdout.sink, stderr.sink);
    const ended = new Promise<void>((resolve) => stream.on("end", resolve));
    await container.start();
    const { StatusCode } = await container.wait();
    await ended;
    return { code: StatusCode, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

function collected(): { readonly sink: PassThrough; text(): string } {
  const sink = new PassThrough();
  const chunks: Buffer[] = [];
  sink.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { sink, text: () => Buffer.concat(chunks).toString() };
}
