export interface ImageName {
  /** As a daemon wants it: with a tag or a digest. */
  readonly full: string;
  /** Where it is kept: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string;
}

/** Reads `repository`, `registry/repository:tag`, `…@sha256:…`. Without a tag it is `latest`, as everywhere. */
export function parseImageName(text: string): ImageName {
  const name = text.replace(/^docker:\/\//, "");
  const first = name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
  const registry = /[.:]/.test(first) || first === "localhost" ? first : "docker.io";
  const last = name.slice(name.lastIndexOf("/") + 1);
  const full = name.includes("@") || last.includes(":") ? name : `${name}:latest`;
  return { full, registry };
}
