// The tests of jobs on Kubernetes: on the project's own cluster, or on a real one, which KUBECONFIG leads to.
//   npm run test:kubernetes                               the project's own cluster
//   KUBECONFIG=… npm run test:kubernetes                  the same on that one, in a namespace that is made and removed
//   KUBECONFIG=… npm run test:kubernetes -- conformance   only test files whose path contains this
//   npm run test:kubernetes -- --images FOLDER            only writes the images that jobs run in, as tarballs
// A real cluster must have those images. SLIPWAY_TEST_IMPORT is a command that brings one there: it is called with the path
// of each tarball (`ctr -n k8s.io images import`, `kind load image-archive`, `minikube image load`).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { conformanceImages } from "../test/support/images/conformance-images.ts";
import { testKitImage } from "../test/support/images/kit-image.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  options: { images: { type: "string" } },
  allowPositionals: true,
});

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  return spawnSync(command, [...args], { cwd: root, stdio: "inherit", env }).status ?? 1;
}

/** Writes each image where it is not there yet, and gives the paths. */
async function writeImages(folder: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const kit = await testKitImage();
  const images = [kit, ...Object.values(await conformanceImages())];
  const paths: string[] = [];
  for (const image of images) {
    const path = join(folder, `${image.reference.replace(/[/:]/g, "_")}.tar`);
    if (!existsSync(path)) writeFileSync(path, "make" in image ? (await image.make()).tar : image.tar);
    console.log(`${image.reference}  ${path}`);
    paths.push(path);
  }
  return paths;
}

async function bringImages(command: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-images-"));
  try {
    for (const path of await writeImages(folder)) {
      const [program = "", ...args] = command.split(/\s+/);
      if (run(program, [...args, path]) !== 0) throw new Error(`'${command} ${path}' failed`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (run(process.execPath, ["scripts/build.ts"]) !== 0) process.exit(1);
if (values.images !== undefined) {
  await writeImages(values.images);
  process.exit(0);
}
const { KUBECONFIG, SLIPWAY_TEST_IMPORT } = process.env;
const isReal = KUBECONFIG !== undefined && KUBECONFIG !== "";
if (isReal && SLIPWAY_TEST_IMPORT !== undefined) await bringImages(SLIPWAY_TEST_IMPORT);
const filters = positionals.map((each) => `test/kubernetes/${each}`);
// Of a real cluster only what opens it as one is asked.
const files = isReal ? ["test/kubernetes/conformance", "test/kubernetes/any-cluster"] : ["test/kubernetes"];
process.exitCode = run(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", ...(filters.length === 0 ? files : filters)],
  { ...process.env, ...(isReal ? { SLIPWAY_TEST_KUBERNETES: "real" } : {}) },
);
