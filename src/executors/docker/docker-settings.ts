import type { Clock } from "../../clock.ts";
import type { CredentialHelper } from "./credential-helper.ts";
import type { DefaultNetwork } from "./default-network.ts";
import type { DockerEngine, MountSpec, NetworkOptions } from "./docker-engine.ts";
import type { KitPlace } from "./job-mounts.ts";
import type { Limits, OptionRules } from "./parse-create-options.ts";
import type { PullPolicy } from "./pull-image.ts";
import type { DockerConfigFile } from "./registry-credentials.ts";

/** What an executor on Docker is set to, whatever its jobs. */
export interface DockerSettings {
  /** Images by label of `runs-on`, in lower case. */
  readonly images: { readonly [label: string]: string };
  readonly installation: string;
  /**
   * `bind`: the folders of the request are this machine's and are mounted, for `slipway run`. `volume`: jobs have volumes of
   * their own and see nothing of the host.
   */
  readonly mode: "bind" | "volume";
  /** Jobs go on when the process that started them ends. */
  readonly outlives: boolean;
  readonly pull: PullPolicy;
  readonly dockerConfig?: DockerConfigFile;
  /** Asks the programs that `dockerConfig` names. Absent: they are not asked. */
  readonly credentialHelper?: CredentialHelper;
  /** For containers whose options set none. */
  readonly defaults: Limits;
  /** What `options` may ask for. */
  readonly rules: OptionRules;
  readonly network: NetworkOptions;
  /** See `DefaultNetwork`. Absent: every job has a network of its own. */
  readonly lendsDefaultNetwork?: boolean;
  /** Of this machine: where it listens for jobs that speak to its loopback. Short: paths of sockets have at most 107 bytes. */
  readonly socketFolder: string;
  /** For labels; who looks after leftovers knows by it whether their process lives. Absent: the records do. */
  readonly owner?: string;
  readonly runnerName?: string;
  /** A daemon may be away for so long before a job is given up. */
  readonly patienceMs: number;
}

/** The settings, and what they are used with. */
export interface DockerPlace {
  readonly settings: DockerSettings;
  readonly engine: DockerEngine;
  readonly clock: Clock;
  readonly kit: () => Promise<KitPlace>;
  /** The kit of these mounts is not there: the next who asks for it has it put in place again. */
  readonly renewKit: (mounts: readonly MountSpec[]) => Promise<void>;
  readonly defaultNetwork: DefaultNetwork;
}
