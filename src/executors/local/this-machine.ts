import type { RunnerIdentity } from "../../protocol/job-request.ts";
import type { LocalHost } from "./local-labels.ts";

/** What `runner.os` and `runner.arch` say on this machine. */
export function thisMachine({ platform, arch }: LocalHost): Pick<RunnerIdentity, "os" | "arch"> {
  return {
    os: platform === "darwin" ? "macOS" : platform === "win32" ? "Windows" : "Linux",
    arch: arch === "arm64" ? "ARM64" : arch === "arm" ? "ARM" : arch === "ia32" ? "X86" : "X64",
  };
}
