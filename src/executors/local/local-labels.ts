export interface LocalHost {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

/**
 * True for labels that this machine answers to without being told: GitHub's own names for a self-hosted runner like
 * it, its hosted images for the same system (`ubuntu-latest` on any Linux), `local`.
 */
export function isLocalLabel(label: string, host: LocalHost): boolean {
  const name = label.toLowerCase();
  if (name === "local" || name === "self-hosted") return true;
  if (name === architecture(host.arch)) return true;
  switch (host.platform) {
    case "linux":
      return name === "linux" || name.startsWith("ubuntu-") || name === "ubuntu";
    case "darwin":
      return name === "macos" || name.startsWith("macos-");
    case "win32":
      return name === "windows" || name.startsWith("windows-");
    default:
      return false;
  }
}

function architecture(arch: string): string {
  return arch === "ia32" ? "x86" : arch;
}
