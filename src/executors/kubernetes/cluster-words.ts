/**
 * Every text of a cluster's parts (API server, scheduler, kubelet, container runtimes, registries) that is matched, and
 * nothing else. Checked against Kubernetes 1.36 with containerd 2.2; wordings of others are taken in where they are known.
 */
import type { ExecErrorCode } from "../../errors.ts";

export interface Words {
  readonly code: ExecErrorCode;
  /** A further attempt may go well. */
  readonly retryable: boolean;
  /** What it means and what to do, for the one who reads the job's log. */
  readonly means: string;
}

const QUOTA: Words = {
  code: "QuotaExceeded",
  retryable: true,
  means: "a quota of the namespace is used up",
};

const REFUSALS: readonly (readonly [RegExp, Words])[] = [
  [/exceeded quota|quota exceeded|failed quota/i, QUOTA],
  [
    /violates PodSecurity/i,
    {
      code: "Forbidden",
      retryable: false,
      means: "the namespace's Pod Security level does not allow what the job or its runner class asks for",
    },
  ],
  [
    /admission webhook "[^"]*" denied the request/i,
    { code: "Forbidden", retryable: false, means: "a policy of the cluster refuses the pod" },
  ],
  [
    /ValidatingAdmissionPolicy '[^']*'.* denied request/i,
    { code: "Forbidden", retryable: false, means: "a policy of the cluster refuses the pod" },
  ],
  [
    /failed calling webhook/i,
    { code: "Transient", retryable: true, means: "an admission webhook of the cluster does not answer" },
  ],
  [
    /(maximum|minimum) (cpu|memory|ephemeral-storage|[\w./-]+) usage per|limit to request ratio/i,
    {
      code: "Forbidden",
      retryable: false,
      means: "a LimitRange of the namespace does not allow these resources",
    },
  ],
  [
    /serviceaccount "[^"]*" not found|error looking up service account/i,
    {
      code: "NotFound",
      retryable: false,
      means: "the runner class names a service account that the namespace does not have",
    },
  ],
  [
    /no PriorityClass with name/i,
    {
      code: "NotFound",
      retryable: false,
      means: "the runner class names a priority class that does not exist",
    },
  ],
  [
    /namespace .* because it is being terminated/i,
    { code: "Forbidden", retryable: false, means: "the namespace is being deleted" },
  ],
];

/** Why an object was not let in: said by the API server, or by the job controller of a pod it could not make. */
export function refusalOf(text: string): Words | undefined {
  return REFUSALS.find(([pattern]) => pattern.test(text))?.[1];
}

const IMAGES: readonly (readonly [RegExp, Words])[] = [
  [
    /toomanyrequests|too many requests|rate limit|\b429\b/i,
    {
      code: "Transient",
      retryable: true,
      means: "the registry limits how often images are pulled: pull with an account, or through a mirror",
    },
  ],
  [
    /invalid reference format|couldn't parse image name|InvalidImageName/i,
    { code: "InvalidSpec", retryable: false, means: "this is not the name of an image" },
  ],
  [
    /no match for platform|no matching manifest|exec format error/i,
    { code: "InvalidSpec", retryable: false, means: "the image is not made for the node's architecture" },
  ],
  // A registry that hides what one may not see says both at once; what is certain is that this name cannot be had so.
  [
    /pull access denied|insufficient_scope|authorization failed/i,
    {
      code: "Forbidden",
      retryable: false,
      means:
        "the image does not exist, or needs credentials: check the name, and `credentials` or the class's imagePullSecrets",
    },
  ],
  [
    /\b401\b|unauthorized|authentication required|no basic auth credentials|\b403\b|forbidden|denied/i,
    {
      code: "Forbidden",
      retryable: false,
      means:
        "the registry does not accept the credentials: check `credentials` or the class's imagePullSecrets",
    },
  ],
  [
    /not found|manifest unknown|name unknown|no such (image|manifest)|does not exist|ErrImageNeverPull|not present with pull policy/i,
    { code: "NotFound", retryable: false, means: "there is no such image: check its name and tag" },
  ],
  [
    /no such host|i\/o timeout|connection refused|connection reset|TLS handshake|context deadline exceeded|EOF|server misbehaving|\b50\d\b|x509|temporary failure/i,
    { code: "Transient", retryable: true, means: "the registry cannot be reached from the node" },
  ],
  [/no space left on device/i, { code: "Transient", retryable: true, means: "the node's disk is full" }],
];

/** Why an image could not be pulled. */
export function imageProblemOf(text: string): Words {
  return (
    IMAGES.find(([pattern]) => pattern.test(text))?.[1] ?? {
      code: "Transient",
      retryable: true,
      means: "the node could not pull the image",
    }
  );
}

const CONTAINERS: readonly (readonly [RegExp, Words])[] = [
  [
    /executable file not found|no such file or directory|not a directory/i,
    {
      code: "InvalidSpec",
      retryable: false,
      means: "the image does not have the program that is to be started",
    },
  ],
  [
    /exec format error/i,
    { code: "InvalidSpec", retryable: false, means: "the image is not made for the node's architecture" },
  ],
  [
    /runAsNonRoot|non-numeric user|run as root/i,
    {
      code: "Forbidden",
      retryable: false,
      means:
        "the runner class lets no container run as root, and the image's user is root or not a number: set `--user` to a number",
    },
  ],
  [
    /unable to find user|no matching entries in passwd|no users found/i,
    { code: "InvalidSpec", retryable: false, means: "the image does not have the user that is asked for" },
  ],
  [
    /permission denied/i,
    { code: "InvalidSpec", retryable: false, means: "the program may not be started by this user" },
  ],
  [
    /(secret|configmap) "[^"]*" not found|couldn't find key/i,
    {
      code: "NotFound",
      retryable: false,
      means: "a Secret or ConfigMap that the runner class names is not there",
    },
  ],
  [
    /not enough memory|memory limit too low|cannot allocate memory/i,
    { code: "InvalidSpec", retryable: false, means: "the memory limit is too low to start anything" },
  ],
];

/** Why a container could not be made or started. */
export function containerProblemOf(text: string): Words {
  return (
    CONTAINERS.find(([pattern]) => pattern.test(text))?.[1] ?? {
      code: "Transient",
      retryable: true,
      means: "the node could not start the container",
    }
  );
}

/** The resource that a node was short of, from the text of an eviction. */
export function evictedFor(text: string): string | undefined {
  return (
    /low on resource: ([\w-]+)/.exec(text)?.[1] ??
    /(ephemeral[- ]?storage|emptyDir|memory)/i.exec(text)?.[1]?.toLowerCase()
  );
}

/** A watch cannot go on from its version; told with another code than 410 by some that stand between. */
export function saysTooOld(text: string): boolean {
  return /too old resource version|resourceVersion .* expired/i.test(text);
}

/** An event of a node: an image could not be pulled. */
export function failedPullOf(text: string): { readonly image: string; readonly why: string } | undefined {
  const match = /^Failed to pull image "([^"]*)": ([\s\S]*)$/.exec(text);
  return match === null ? undefined : { image: match[1] ?? "", why: match[2] ?? "" };
}

/** True: a pod was evicted for what it used itself, which it would again. */
export function limitOfEviction(text: string): boolean {
  return /Usage of EmptyDir volume|exceeds? (the|its) (total )?(local ephemeral storage )?limit|exceeded its local ephemeral storage limit|ephemeral local storage usage exceeds/i.test(
    text,
  );
}
