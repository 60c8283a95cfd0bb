/** Whether the daemon has an image, and what a kubelet says when it cannot be had. There is no registry. */
import type Docker from "dockerode";
import type { Container } from "kubernetes-types/core/v1.js";

export type ImagePresence =
  | { readonly kind: "there"; readonly id: string; readonly user: string }
  /** `retried`: the kubelet tries again. */
  | {
      readonly kind: "missing";
      readonly reason: string;
      readonly message: string;
      readonly retried: boolean;
    };

const REFERENCE = /^[a-z0-9]+([._:/-]+[a-zA-Z0-9]+)*(@sha256:[0-9a-f]{64})?$/;

export async function imagePresence(
  client: Docker,
  { image = "", imagePullPolicy }: Container,
): Promise<ImagePresence> {
  if (!REFERENCE.test(image)) {
    const lower = /[A-Z]/.test(image) ? `: repository name (library/${image}) must be lowercase` : "";
    return {
      kind: "missing",
      reason: "InvalidImageName",
      message: `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format${lower}`,
      retried: false,
    };
  }
  const found = await client
    .getImage(image)
    .inspect()
    .catch((error: unknown) => {
      if (typeof error === "object" && error !== null && Reflect.get(error, "statusCode") === 404)
        return undefined;
      throw error;
    });
  if (found !== undefined) return { kind: "there", id: found.Id, user: found.Config.User ?? "" };
  if (imagePullPolicy === "Never") {
    return {
      kind: "missing",
      reason: "ErrImageNeverPull",
      message: `Container image "${image}" is not present with pull policy of Never`,
      retried: true,
    };
  }
  const full = fullReference(image);
  return {
    kind: "missing",
    reason: "ErrImagePull",
    message: `failed to pull and unpack image "${full}": failed to resolve image: ${full}: not found`,
    retried: true,
  };
}

function fullReference(image: string): string {
  const tagged = /:[^/]+$/.test(image) ? image : `${image}:latest`;
  const first = tagged.split("/")[0] ?? "";
  if (!tagged.includes("/")) return `docker.io/library/${tagged}`;
  return /[.:]/.test(first) || first === "localhost" ? tagged : `docker.io/${tagged}`;
}
