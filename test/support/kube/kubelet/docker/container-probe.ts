/** Asks a container whether it is well, as a probe of its says: by a command, a connection or a request. */
import { connect } from "node:net";
import type Docker from "dockerode";
import type { Container, Probe } from "kubernetes-types/core/v1.js";

export async function probeSucceeds(
  client: Docker,
  containerId: string,
  podIp: string,
  container: Container,
  probe: Probe,
): Promise<boolean> {
  const limitMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec !== undefined)
      return await execSucceeds(client, containerId, probe.exec.command ?? [], limitMs);
    const port = portOf(container, probe.tcpSocket?.port ?? probe.httpGet?.port);
    if (probe.tcpSocket !== undefined) return await connects(podIp, port, limitMs);
    if (probe.httpGet !== undefined) {
      const { path = "/", host = podIp } = probe.httpGet;
      const answer = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(limitMs) });
      await answer.arrayBuffer();
      return answer.status >= 200 && answer.status < 400;
    }
  } catch {
    return false;
  }
  return true;
}

function portOf(container: Container, port: number | string | undefined): number {
  if (typeof port === "number") return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
}

async function execSucceeds(
  client: Docker,
  containerId: string,
  command: readonly string[],
  limitMs: number,
): Promise<boolean> {
  const exec = await client
    .getContainer(containerId)
    .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  stream.resume();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      stream.destroy();
      resolve();
    }, limitMs);
    stream.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    stream.on("end", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  const { Running, ExitCode } = await exec.inspect();
  return !Running && ExitCode === 0;
}

function connects(host: string, port: number, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs });
    const done = (well: boolean) => {
      socket.destroy();
      resolve(well);
    };
    socket.on("connect", () => done(true));
    socket.on("error", () => done(false));
    socket.on("timeout", () => done(false));
  });
}
