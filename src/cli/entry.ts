import { enableCompileCache } from "node:module";

enableCompileCache();
const [{ main }, { processIo }] = await Promise.all([import("./main.ts"), import("./process-io.ts")]);
process.exitCode = await main(process.argv.slice(2), processIo(process));
