import type { OptionSpec } from "./option.ts";

/** Options that several commands take and mean the same by. */
export const WORKFLOWS = {
  name: "workflows",
  short: "W",
  value: "path",
  repeat: true,
  help: "Pipeline file, or folder of them; may be repeated (default: .workflows, .github/workflows, .platform.yaml)",
  group: "What to run",
  complete: "file",
} as const satisfies OptionSpec;

export const DIRECTORY = {
  name: "directory",
  short: "C",
  value: "folder",
  help: "Run as if started in this folder",
  group: "Where",
  complete: "folder",
} as const satisfies OptionSpec;

export const HELP = {
  name: "help",
  short: "h",
  help: "Show this help",
  group: "Other",
} as const satisfies OptionSpec;

export const VERBOSE = {
  name: "verbose",
  short: "v",
  help: "Show everything: debug messages of steps, full output also on a terminal",
  group: "Output",
} as const satisfies OptionSpec;
