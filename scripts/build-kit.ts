// Makes the kit that containers of jobs need (`src/executors/kit/kit-layout.ts`) from packages of Debian 12 and this build.
//   npm run kit                                dist/kit/linux-<this machine's>/
//   npm run kit -- --arch arm64 --out FOLDER   for another machine
//   npm run kit -- --image runner.tar          also as the image slipway/runner, for docker load and ctr images import
//   npm run kit -- --image runner.tar --name registry.example.com/slipway/runner:1
//   npm run kit -- --fresh                     with the packages that Debian has today
// Needs apt-get, dpkg and patchelf; where they are not, deploy/runner/Dockerfile does the same in a container.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { version } from "../src/version.ts";
import { buildKit } from "./kit/build-kit-folder.ts";
import { ARCHES } from "./kit/kit-arch.ts";
import { kitFiles } from "./kit/kit-files.ts";
import { kitImage } from "./kit/kit-image.ts";

const { values } = parseArgs({
  options: {
    arch: { type: "string", default: process.arch },
    out: { type: "string" },
    image: { type: "string" },
    name: { type: "string", default: `slipway/runner:${version}` },
    fresh: { type: "boolean", default: false },
  },
});
const { arch, out, image, name, fresh } = values;
if (arch !== "x64" && arch !== "arm64") {
  console.error(`There is no kit for ${arch}, only for ${Object.keys(ARCHES).join(" and ")}.`);
  process.exit(2);
}
const folder = await buildKit({ arch, fresh, ...(out === undefined ? {} : { out }) });
const sizeBytes = kitFiles(folder).reduce(
  (sum, file) => sum + (file.type === "file" ? file.content.length : 0),
  0,
);
console.log(`${folder}: ${(sizeBytes / 1e6).toFixed(1)} MB`);
if (image !== undefined) {
  const { tar } = await kitImage(folder, arch, name);
  if (!existsSync(image) || !readFileSync(image).equals(tar)) writeFileSync(image, tar);
  console.log(`${image}: ${name}, ${(tar.length / 1e6).toFixed(1)} MB`);
}
