import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache();
const [{ main }, { processIo }] = await Promise.all([import("./main.ts"), import("./process-io.ts")]);
// Beside this file once it is built; see src/bundled-actions.
const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const bundledActions = {
  "actions/download-artifact": beside("actions/download-artifact"),
  "actions/upload-artifact": beside("actions/upload-artifact"),
};
const io = processIo(process, bundledActions, beside("spawner.mjs"));
process.exitCode = await main(process.argv.slice(2), io);
