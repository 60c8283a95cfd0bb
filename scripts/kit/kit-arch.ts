export type KitArch = "x64" | "arm64";

interface ArchNames {
  /** In Debian and in images of containers. */
  readonly debian: "amd64" | "arm64";
  /** Folder of libraries below `/lib`, and what the tools for it are named after. */
  readonly triplet: string;
  readonly loader: string;
}

export const ARCHES: { readonly [A in KitArch]: ArchNames } = {
  x64: { debian: "amd64", triplet: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { debian: "arm64", triplet: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" },
};
