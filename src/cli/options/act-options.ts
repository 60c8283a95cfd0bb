import type { ForeignOption } from "./option.ts";

const CONTAINERS =
  "say it in the job: `container:` and each service have `options`, the flags of docker create";
const LOOPBACK = "artifact and cache services listen on 127.0.0.1, on a free port, for this run alone";

/** What act's command line takes and this one does not, each with the reason or the other way. */
export const ACT_OPTIONS: readonly ForeignOption[] = [
  refuse("watch", false, "run it from a file watcher, such as `watchexec -- slipway run`", "w"),
  refuse("validate", false, "use `slipway validate`"),
  refuse("list-options", false, "use `slipway run --help`"),
  refuse("man-page", false, "use `slipway run --help`"),
  refuse("bug-report", false, "use `slipway --version`"),
  refuse("insecure-secrets", false, "secrets are always hidden"),
  refuse(
    "reuse",
    false,
    "every job gets a fresh workspace; --bind works in the work tree, --keep leaves workspaces",
    "r",
  ),
  refuse("replace-ghe-action-with-github-com", true, "use --actions-url or --local-action"),
  refuse("replace-ghe-action-token-with-github-com", true, "use --actions-url with --github-token"),
  refuse("privileged", false, CONTAINERS),
  refuse("userns", true, CONTAINERS),
  refuse("container-cap-add", true, CONTAINERS),
  refuse("container-cap-drop", true, CONTAINERS),
  refuse("container-options", true, CONTAINERS),
  note("container-architecture", true, "say it in the job: `options: --platform`"),
  note("network", true, "each job has a network of its own"),
  note("rebuild", false, "an action's image is always built, from the daemon's cache where nothing changed"),
  note("use-gitignore", false, "the checkout always holds the tracked and the not-ignored files"),
  note("use-new-action-cache", false, "there is one action cache, and it is by commit"),
  note("no-recurse", false, "only the folder itself is looked through, as on GitHub"),
  note("log-prefix-job-id", false, "lines begin with the job's name"),
  note("no-cache-server", false, "the services start only when an action needs them"),
  note("artifact-server-addr", true, LOOPBACK),
  note("artifact-server-port", true, LOOPBACK),
  note("cache-server-addr", true, LOOPBACK),
  note("cache-server-port", true, LOOPBACK),
  note("cache-server-external-url", true, LOOPBACK),
];

function refuse(name: string, takesValue: boolean, why: string, short?: string): ForeignOption {
  return {
    name,
    takesValue,
    answer: "refuse",
    why: sentence(why),
    ...(short === undefined ? {} : { short }),
  };
}

function note(name: string, takesValue: boolean, why: string, short?: string): ForeignOption {
  return { name, takesValue, answer: "note", why: sentence(why), ...(short === undefined ? {} : { short }) };
}

function sentence(text: string): string {
  return `${text}.`;
}
