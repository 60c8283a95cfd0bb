import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHART, KUBERNETES_VERSION } from "../../../scripts/generate-kubernetes.ts";
import { provideHelm } from "../parts/helm-program.ts";
import { type Manifest, parseManifests } from "./manifest.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface ChartRequest {
  readonly release?: string;
  readonly namespace?: string;
  /** Files, relative to the chart. */
  readonly files?: readonly string[];
  readonly values?: object;
}

/** What Helm makes of the chart, hooks included. Throws what Helm says where it refuses. */
export function renderChart(request: ChartRequest): readonly Manifest[] {
  const { release = "rel", namespace = "ci", files = [], values = {} } = request;
  const folder = mkdtempSync(join(tmpdir(), "slipway-chart-"));
  try {
    const own = join(folder, "values.yaml");
    writeFileSync(own, JSON.stringify(values));
    const valueFiles = [...files.map((file) => join(root, CHART, file)), own];
    const { status, stdout, stderr } = spawnSync(
      provideHelm(),
      [
        ...["template", release, join(root, CHART), "--namespace", namespace],
        ...["--kube-version", KUBERNETES_VERSION],
        ...valueFiles.flatMap((file) => ["--values", file]),
      ],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(stderr);
    return parseManifests(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
