import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { ProjectSetting, ProjectStore } from "../store/project-store.ts";
import { openText, rewrapText, sealText } from "./envelope.ts";
import type { MasterKey } from "./master-key.ts";
import { settingName } from "./setting-name.ts";

export interface SecretVaultOptions {
  readonly projects: Pick<ProjectStore, "putSetting" | "listSettings" | "deleteSetting">;
  /** The first one seals; the others, older ones, still open what they sealed. */
  readonly masterKeys: readonly [MasterKey, ...MasterKey[]];
  readonly clock: Pick<Clock, "now">;
}

/** What may be known of a secret. */
export interface SecretInfo {
  /** In upper case. */
  readonly name: string;
  /** In lower case; absent: it is the project's, for every job. */
  readonly environment?: string;
  readonly updatedAt: number;
}

const MAX_VALUE_BYTES = 48 * 1024;

/**
 * The secrets of projects, encrypted in the records. No error and no list holds a value. A secret of a deployment
 * environment is for jobs of that environment alone, and goes before the project's of the same name.
 */
export class SecretVault {
  readonly #projects: SecretVaultOptions["projects"];
  readonly #keys: SecretVaultOptions["masterKeys"];
  readonly #clock: Pick<Clock, "now">;

  constructor({ projects, masterKeys, clock }: SecretVaultOptions) {
    this.#projects = projects;
    this.#keys = masterKeys;
    this.#clock = clock;
  }

  /** Sets or replaces. `InvalidSpec` for a name GitHub refuses, `QuotaExceeded` for a value over 48 KiB of UTF-8. */
  async put(projectId: string, name: string, value: string, environment?: string): Promise<void> {
    const kept = keptName(name, environment);
    if (Buffer.byteLength(value, "utf8") > MAX_VALUE_BYTES) {
      throw new ExecError("QuotaExceeded", `The secret ${kept} is larger than ${MAX_VALUE_BYTES} bytes.`);
    }
    await this.#projects.putSetting({
      projectId,
      kind: "secret",
      name: kept,
      value: this.seal(value, contextOf(projectId, kept)),
      updatedAt: this.#clock.now(),
    });
  }

  /** By name, those of the project before those of environments. */
  async list(projectId: string): Promise<readonly SecretInfo[]> {
    const settings = await this.#projects.listSettings(projectId, "secret");
    return settings
      .map(infoOf)
      .sort((a, b) => compare(a.environment ?? "", b.environment ?? "") || compare(a.name, b.name));
  }

  /** False: there is none. */
  delete(projectId: string, name: string, environment?: string): Promise<boolean> {
    return this.#projects.deleteSetting(projectId, "secret", keptName(name, environment));
  }

  /** Name to value: for a job, and for nothing else. Rejects with `Permanent` where one does not open. */
  async reveal(projectId: string, environment?: string): Promise<{ readonly [name: string]: string }> {
    const wanted = environment?.toLowerCase();
    const own: { [name: string]: string } = {};
    const scoped: { [name: string]: string } = {};
    for (const setting of await this.#projects.listSettings(projectId, "secret")) {
      const { name, environment: scope } = infoOf(setting);
      if (scope === undefined) own[name] = this.#openSetting(setting);
      else if (scope === wanted) scoped[name] = this.#openSetting(setting);
    }
    return { ...own, ...scoped };
  }

  /** Encrypts a text for the records; the same context opens it, and no other. */
  seal(text: string, context: string): string {
    return sealText(text, context, this.#keys[0]);
  }

  /** Throws `Permanent`: sealed with a key this server does not have, for another context, or damaged. */
  open(sealed: string, context: string): string {
    return openText(sealed, context, this.#keys, "A sealed text of the records");
  }

  /** The sealed text under the newest key; undefined where it is already. */
  rewrap(sealed: string, context: string): string | undefined {
    return rewrapText(sealed, context, this.#keys, this.#keys[0], "A sealed text of the records");
  }

  /** Brings the project's secrets under the newest key, without decrypting a value. Gives how many were not. */
  async rewrapProject(projectId: string): Promise<number> {
    let rewrapped = 0;
    for (const { name } of await this.#projects.listSettings(projectId, "secret")) {
      // Read again for each: a value that was set meanwhile must not be overwritten with the one before it.
      const now = (await this.#projects.listSettings(projectId, "secret")).find((s) => s.name === name);
      const value =
        now && rewrapText(now.value, contextOf(projectId, name), this.#keys, this.#keys[0], nameOf(now));
      if (now === undefined || value === undefined) continue;
      await this.#projects.putSetting({ ...now, value });
      rewrapped++;
    }
    return rewrapped;
  }

  #openSetting(setting: ProjectSetting): string {
    return openText(setting.value, contextOf(setting.projectId, setting.name), this.#keys, nameOf(setting));
  }
}

/** `NAME`, or `ENVIRONMENT/NAME`: a secret's own name has no slash. */
function keptName(name: string, environment: string | undefined): string {
  const own = settingName(name, "secret");
  return environment === undefined ? own : `${environment.toUpperCase()}/${own}`;
}

function infoOf({ name, updatedAt }: ProjectSetting): SecretInfo {
  const slash = name.lastIndexOf("/");
  if (slash === -1) return { name, updatedAt };
  return { name: name.slice(slash + 1), environment: name.slice(0, slash).toLowerCase(), updatedAt };
}

function contextOf(projectId: string, keptName: string): string {
  return JSON.stringify(["secret", projectId, keptName]);
}

function nameOf({ name }: ProjectSetting): string {
  return `The secret ${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
