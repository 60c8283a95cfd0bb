// The programs of the real servers and the browser that tests run against. Installed before the tests begin where that can
// be done without asking: within a test the first minutes of a new machine would count as its own.
import { provideHelm } from "../test/support/parts/helm-program.ts";
import { findProgram, installPackages } from "../test/support/parts/programs.ts";

interface Part {
  /** Names a server that is there already. */
  readonly given?: string;
  /** Any of these on PATH, or at these places. */
  readonly programs: readonly string[];
  readonly places: readonly string[];
  readonly packages: readonly string[];
}

const PARTS: readonly Part[] = [
  {
    given: "SLIPWAY_TEST_POSTGRES_URL",
    programs: ["initdb"],
    places: [
      "/usr/lib/postgresql/*/bin/initdb",
      "/usr/pgsql-*/bin/initdb",
      "/opt/homebrew/opt/postgresql@*/bin/initdb",
    ],
    packages: ["postgresql"],
  },
  {
    given: "SLIPWAY_TEST_AMQP_URL",
    programs: ["rabbitmq-server"],
    places: ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server"],
    packages: ["rabbitmq-server"],
  },
  {
    given: "SLIPWAY_TEST_S3_ENDPOINT",
    programs: ["swift-proxy-server"],
    places: [],
    packages: ["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"],
  },
  {
    given: "SLIPWAY_TEST_DOCKER_HOST",
    programs: ["dockerd"],
    places: ["/usr/sbin/dockerd", "/usr/local/bin/dockerd"],
    packages: ["docker.io", "iptables"],
  },
  // What the images of Docker's tests, and the kit, are made with.
  { programs: ["musl-gcc"], places: [], packages: ["gcc", "libc6-dev", "musl-tools"] },
  { programs: ["busybox"], places: ["/bin/busybox"], packages: ["busybox-static"] },
  { programs: ["patchelf"], places: [], packages: ["patchelf"] },
  { programs: ["strip"], places: [], packages: ["binutils"] },
  {
    programs: ["chromium", "chromium-browser", "google-chrome"],
    places: ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
    packages: ["chromium"],
  },
];

/** Where it cannot be done, the tests that need a part say so themselves. */
export function provideParts(): void {
  const isThere = ({ given, programs, places }: Part) =>
    (given !== undefined && process.env[given] !== undefined) ||
    programs.some((program) => findProgram(program, places) !== undefined);
  const packages = PARTS.filter((part) => !isThere(part)).flatMap((part) => part.packages);
  attempt(() => {
    if (packages.length === 0) return;
    console.error(`Installing ${packages.join(", ")}…`);
    installPackages(packages);
  });
  attempt(provideHelm);
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
  }
}
