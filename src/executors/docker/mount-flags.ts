import { ExecError } from "../../errors.ts";
import type { MountSpec } from "./docker-engine.ts";
import type { OptionRules } from "./parse-create-options.ts";
import { parseBytes } from "./quantities.ts";

/** `type=volume,source=name,target=/path,readonly` and the other names of the same. */
export function parseMountFlag(text: string, rules: OptionRules): MountSpec {
  const fields = new Map(
    text.split(",").map((field) => {
      const [name = "", setting = "true"] = field.split(/=(.*)/s);
      return [name.trim().toLowerCase(), setting] as const;
    }),
  );
  const type = fields.get("type") ?? "volume";
  const source = fields.get("source") ?? fields.get("src");
  const target = fields.get("target") ?? fields.get("destination") ?? fields.get("dst");
  if (target === undefined || !target.startsWith("/"))
    throw new ExecError("InvalidSpec", `'--mount ${text}' names no absolute target`);
  const readOnly = /^(true|1)$/.test(fields.get("readonly") ?? fields.get("ro") ?? "false");
  const more = readOnly ? { ReadOnly: true } : {};
  switch (type) {
    case "volume":
      return { Type: "volume", Target: target, ...(source === undefined ? {} : { Source: source }), ...more };
    case "bind":
      if (source === undefined) throw new ExecError("InvalidSpec", `'--mount ${text}' names no source`);
      if (!rules.hostPaths) throw hostPathRefused(source);
      return { Type: "bind", Target: target, Source: source, ...more };
    case "tmpfs": {
      const SizeBytes = parseBytes(fields.get("tmpfs-size") ?? "");
      const Mode = Number.parseInt(fields.get("tmpfs-mode") ?? "", 8);
      const options = {
        ...(SizeBytes === undefined ? {} : { SizeBytes }),
        ...(Number.isNaN(Mode) ? {} : { Mode }),
      };
      return { Type: "tmpfs", Target: target, TmpfsOptions: options };
    }
    default:
      throw new ExecError("InvalidSpec", `'--mount ${text}': there is no type '${type}' here`);
  }
}

/** `/path` or `/path:size=64m,mode=1777`; other settings of the file system do not carry over. */
export function parseTmpfsFlag(text: string): MountSpec {
  const [target = "", settings = ""] = text.split(/:(.*)/s);
  if (!target.startsWith("/")) throw new ExecError("InvalidSpec", `'--tmpfs ${text}' names no absolute path`);
  return parseMountFlag(`type=tmpfs,target=${target},${settings.replace(/\b(size|mode)=/g, "tmpfs-$1=")}`, {
    privileged: false,
    hostPaths: false,
  });
}

/**
 * An entry of `volumes`: `name:/path[:ro]`, `/host:/path[:ro]`, `/path`. `volumeName` says what a volume of that name is
 * called here, so that a job's are its own.
 */
export function parseVolume(
  text: string,
  rules: OptionRules,
  volumeName: (name: string) => string,
): MountSpec {
  const parts = text.split(":");
  const [first = "", second] = parts;
  const target = second ?? first;
  const modes = (parts[2] ?? "").split(",");
  if (parts.length > 3 || !target.startsWith("/"))
    throw new ExecError(
      "InvalidSpec",
      `The volume '${text}' is not like name:/path, /host:/path:ro or /path.`,
    );
  const more = modes.includes("ro") ? { ReadOnly: true } : {};
  if (second === undefined) return { Type: "volume", Target: target, ...more };
  if (first.startsWith("/")) {
    if (!rules.hostPaths) throw hostPathRefused(first);
    return { Type: "bind", Source: first, Target: target, ...more };
  }
  if (!/^[a-zA-Z0-9][\w.-]*$/.test(first))
    throw new ExecError(
      "InvalidSpec",
      `The volume '${text}' names neither a volume nor an absolute path of the host.`,
    );
  return { Type: "volume", Source: volumeName(first), Target: target, ...more };
}

function hostPathRefused(path: string): ExecError {
  return new ExecError(
    "InvalidSpec",
    `The folder ${path} of the Docker host cannot be mounted: this installation does not allow it`,
  );
}
