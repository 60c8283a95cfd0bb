import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Beside the other caches: the default, the temporary folder, may not be there, and must not be made.
const { HOME, XDG_CACHE_HOME } = process.env;
const cache = XDG_CACHE_HOME?.startsWith("/") ? XDG_CACHE_HOME : HOME && `${HOME}/.cache`;
if (cache) enableCompileCache(`${cache}/slipway/compiled`);
const [{ main }, { processIo }] = await Promise.all([import("./main.ts"), import("./process-io.ts")]);
// Beside this file once it is built; see src/bundled-actions.
const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const bundledActions = {
  "actions/download-artifact": beside("actions/download-artifact"),
  "actions/upload-artifact": beside("actions/upload-artifact"),
};
const io = processIo(process, bundledActions, {
  spawner: beside("spawner.mjs"),
  runner: beside("runner.mjs"),
  kit: beside(`kit/linux-${process.arch}`),
});
process.exitCode = await main(process.argv.slice(2), io);
