import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache();
const [{ main }, { processIo }] = await Promise.all([import("./main.ts"), import("./process-io.ts")]);
// Beside this file once it is built; see src/bundled-actions.
const bundled = (name: string) => fileURLToPath(new URL(`actions/${name}`, import.meta.url));
const io = processIo(process, {
  "actions/download-artifact": bundled("download-artifact"),
  "actions/upload-artifact": bundled("upload-artifact"),
});
process.exitCode = await main(process.argv.slice(2), io);
