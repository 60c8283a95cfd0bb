import type { ConfigOrigins } from "./read-config.ts";
import type { Address, Setting } from "./setting.ts";
import { type Config, SETTINGS } from "./settings.ts";

/** One row of `slipway serve --check`: a setting, its value as people may see it, and where it came from. */
export interface DescribedSetting {
  readonly name: string;
  readonly group: string;
  readonly value: string;
  readonly origin: string;
}

/** Effective values; secrets are `***`, passwords in addresses too. */
export function describeConfig(config: Config, origins: ConfigOrigins): readonly DescribedSetting[] {
  const values: { readonly [name: string]: unknown } = config;
  const from: { readonly [name: string]: string } = origins;
  return Object.entries<Setting>(SETTINGS).map(([name, setting]) => ({
    name,
    group: setting.group,
    value: shown(setting, values[name]),
    origin: from[name] ?? "none",
  }));
}

function shown(setting: Setting, value: unknown): string {
  if (value === undefined) return "-";
  if (setting.hidden === "secret") return Array.isArray(value) && value.length === 0 ? "-" : "***";
  if (setting.kind === "duration") return `${Number(value) / 1000}s`;
  if (setting.kind === "size") return `${Number(value)} bytes`;
  if (setting.kind === "address") {
    const { host, port } = value as Address;
    return `${host.includes(":") ? `[${host}]` : host}:${port}`;
  }
  if (setting.kind === "url") return withoutPassword(String(value));
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** Any address may hold one, also where nobody expects it. */
function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password === "") return text;
  url.password = "***";
  return url.href;
}
