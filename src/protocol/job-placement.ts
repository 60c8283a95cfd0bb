/**
 * What a job asks of its place, evaluated. Executors read it; a runner is told only what came of it
 * (`JobRequest.containers`). It holds credentials and secrets of containers' environments.
 */
export interface JobPlacement {
  /** `runs-on`. */
  readonly labels: readonly string[];
  readonly group?: string;
  /** `container:`, or the image of a `.platform.yaml` step. Absent: where the labels lead. */
  readonly container?: ContainerRequest;
  /** In the order of the file. Those whose image is empty are left out, as on GitHub. */
  readonly services: readonly ServiceRequest[];
  /**
   * Images that steps of the job will be run in, as far as that is known before it starts: `docker://…` of its own steps
   * and of the actions it names. In the order of the steps, one entry a step and stage.
   */
  readonly stepImages: readonly string[];
  /** `.platform.yaml`: the commit stands in the workspace before the first step, without a step that brings it. */
  readonly clone: boolean;
  /** `.platform.yaml` with `workspace: pvc`: the jobs of the build work in one workspace, which outlives each of them. */
  readonly sharedWorkspace?: boolean;
}

export interface ContainerRequest {
  /** Without `docker://`; never empty. */
  readonly image: string;
  readonly env: { readonly [name: string]: string };
  /** As written: `80`, `8080:80`, `8080:80/udp`. */
  readonly ports: readonly string[];
  /** As written: `name:/path`, `/host:/path:ro`, `/path`. */
  readonly volumes: readonly string[];
  /** As written: the flags of `docker create`. */
  readonly options: string;
  readonly credentials?: RegistryCredentials;
  /** Of Kubernetes: quantities by name (`cpu`, `memory`, …). */
  readonly resources?: {
    readonly requests?: { readonly [name: string]: string };
    readonly limits?: { readonly [name: string]: string };
  };
  /** Of the job's pod. */
  readonly annotations?: { readonly [name: string]: string };
}

export interface ServiceRequest extends ContainerRequest {
  /** Its key under `services`: the name that it is reached by. */
  readonly id: string;
  /** Instead of the image's own. */
  readonly entrypoint?: string;
  readonly command?: string;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}
