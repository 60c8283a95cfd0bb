import type { Setting } from "./setting.ts";

/** Of workers whose jobs run in containers: on Docker, on Kubernetes. */
export const CONTAINER_SETTINGS = {
  "docker.host": {
    kind: "text",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_HOST", "DOCKER_HOST"],
    help: "Where the daemon listens: unix:///var/run/docker.sock (the default), tcp://host:2376, ssh://user@host; podman's socket will do",
  },
  "docker.certificates": {
    kind: "text",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_CERTIFICATES", "DOCKER_CERT_PATH"],
    help: "Folder with ca.pem, cert.pem and key.pem for a daemon at tcp://",
  },
  "docker.images": {
    kind: "list",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_IMAGES"],
    default: "",
    help: "Images for labels of runs-on, as label=image: jobs with the label and without a container run in it",
  },
  "docker.pull": {
    kind: "choice",
    values: ["missing", "always", "never"],
    group: "Docker",
    env: ["SLIPWAY_DOCKER_PULL"],
    default: "missing",
    help: "When images are pulled",
  },
  "docker.config": {
    kind: "text",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_CONFIG"],
    help: "A config.json of docker's, whose auths registries are told",
  },
  "docker.kit": {
    kind: "text",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_KIT"],
    help: "The runner kit: a folder of this machine (its path has a slash at the front) or an image; absent: the folder that comes with the program, else the image slipway/runner of its version",
  },
  "docker.cpus": {
    kind: "text",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_CPUS"],
    help: "Processors of a container whose options say nothing, such as 2 or 0.5; absent: all",
  },
  "docker.memory": {
    kind: "size",
    min: 6 * 1024 ** 2,
    group: "Docker",
    env: ["SLIPWAY_DOCKER_MEMORY"],
    help: "Memory of a container whose options say nothing; absent: all",
  },
  "docker.pids": {
    kind: "number",
    min: 1,
    group: "Docker",
    env: ["SLIPWAY_DOCKER_PIDS"],
    default: "16384",
    help: "Processes of a container whose options say nothing",
  },
  "docker.max-cpus": {
    kind: "text",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_MAX_CPUS"],
    help: "The most that options of a container may ask for; absent: anything",
  },
  "docker.max-memory": {
    kind: "size",
    min: 6 * 1024 ** 2,
    group: "Docker",
    env: ["SLIPWAY_DOCKER_MAX_MEMORY"],
    help: "The most that options of a container may ask for; absent: anything",
  },
  "docker.privileged": {
    kind: "switch",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_PRIVILEGED"],
    default: "false",
    help: "Options of containers may ask for privileges: whoever writes pipelines is then root on the Docker host",
  },
  "docker.host-paths": {
    kind: "switch",
    group: "Docker",
    env: ["SLIPWAY_DOCKER_HOST_PATHS"],
    default: "false",
    help: "Volumes of containers may be folders of the Docker host",
  },

  "kubernetes.classes": {
    kind: "text",
    group: "Kubernetes",
    env: ["SLIPWAY_KUBERNETES_CLASSES"],
    help: "The file of runner classes: which labels of runs-on get which pods; see the guide",
  },
  "kubernetes.kubeconfig": {
    kind: "text",
    group: "Kubernetes",
    env: ["SLIPWAY_KUBERNETES_KUBECONFIG"],
    help: "A kubeconfig; absent: the service account of the pod this runs in, else what kubectl would take",
  },
  "kubernetes.context": {
    kind: "text",
    group: "Kubernetes",
    env: ["SLIPWAY_KUBERNETES_CONTEXT"],
    help: "A context of the kubeconfig; absent: its current one",
  },
  "kubernetes.namespace": {
    kind: "text",
    group: "Kubernetes",
    env: ["SLIPWAY_KUBERNETES_NAMESPACE"],
    default: "default",
    help: "Where jobs of classes run that name no namespace",
  },
  "kubernetes.kit-image": {
    kind: "text",
    group: "Kubernetes",
    env: ["SLIPWAY_KUBERNETES_KIT_IMAGE"],
    help: "The runner image for classes that name none; absent: slipway/runner of this version",
  },
} as const satisfies { readonly [name: string]: Setting };
