import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { toBytePath } from "./byte-path.ts";
import { type ConfigSection, gitConfigFile } from "./git-config-file.ts";
import type { SourceRepository } from "./source-repository.ts";

export interface BorrowedRepository {
  readonly source: SourceRepository;
  /** Where it is made: absolute, must not exist. */
  readonly gitDirectory: string;
  /** Given where the work tree is not simply the parent of the git directory. */
  readonly workTree?: string;
  /** What HEAD names: a branch (`refs/heads/…`) or a commit. */
  readonly head: string;
  /** Full names to commits and tags, byte strings. */
  readonly refs: ReadonlyMap<string, string>;
  readonly shallow: readonly string[];
  readonly originUrl: string;
  /** Take the source's index, so that the same changes are staged. */
  readonly withIndex: boolean;
}

/** Settings of the source that decide how its files are read, and nothing that would run a program of its choosing. */
const SHARED_SETTING =
  /^(core\.(autocrlf|eol|safecrlf|filemode|symlinks|ignorecase|precomposeunicode|whitespace|sparsecheckout|sparsecheckoutcone)|index\.sparse|filter\..+|lfs\..+|extensions\.partialclone|remote\..+\.(promisor|partialclonefilter)|submodule\..+\.(url|active))$/i;

/**
 * Makes a repository of its own that takes its objects from the source's store, where they stay: nothing is copied,
 * whatever the size of the history, and nothing is ever written there.
 */
export async function borrowRepository(borrowed: BorrowedRepository): Promise<void> {
  const { source, gitDirectory, head, refs, shallow, withIndex } = borrowed;
  const at = (name: string) => join(gitDirectory, name);
  for (const folder of ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"]) {
    await mkdir(at(folder), { recursive: true });
  }
  const sorted = [...refs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const packed = sorted.map(([name, id]) => `${id} ${name}\n`).join("");
  await Promise.all([
    write(at("HEAD"), head.startsWith("refs/") ? `ref: ${head}\n` : `${head}\n`),
    write(at("config"), gitConfigFile(sections(borrowed))),
    write(at("packed-refs"), `# pack-refs with: sorted \n${packed}`),
    write(at("objects/info/alternates"), `${alternate(join(source.commonDirectory, "objects"))}\n`),
    ...(shallow.length === 0 ? [] : [write(at("shallow"), shallow.map((id) => `${id}\n`).join(""))]),
    ...["exclude", "attributes"].map((name) =>
      copyIfThere(join(source.commonDirectory, "info", name), at(`info/${name}`)),
    ),
    ...(withIndex
      ? [
          copyIfThere(join(source.gitDirectory, "index"), at("index")),
          copyIfThere(join(source.gitDirectory, "info/sparse-checkout"), at("info/sparse-checkout")),
        ]
      : []),
    ...(withIndex && source.sharedIndex !== undefined
      ? [copyIfThere(source.sharedIndex, at(basename(source.sharedIndex)))]
      : []),
  ]);
}

function sections({ source, workTree, head, originUrl, withIndex }: BorrowedRepository): ConfigSection[] {
  const shared = source.config.filter(
    ([key]) => SHARED_SETTING.test(key) && (withIndex || !/sparse/i.test(key)),
  );
  const extended = source.format === "sha256" || shared.some(([key]) => key.startsWith("extensions."));
  const branch = head.startsWith("refs/heads/") ? head.slice("refs/heads/".length) : undefined;
  return [
    {
      name: "core",
      settings: [
        ["repositoryformatversion", extended ? "1" : "0"],
        ["bare", "false"],
        ["logallrefupdates", "true"],
        ...(workTree === undefined ? [] : ([["worktree", toBytePath(workTree)]] as const)),
      ],
    },
    ...(source.format === "sha256"
      ? [{ name: "extensions", settings: [["objectformat", "sha256"]] as const }]
      : []),
    ...shared.map(([key, value]) => sectionOf(key, value)),
    {
      name: "remote",
      subsection: "origin",
      settings: [
        ["url", originUrl],
        ["fetch", "+refs/heads/*:refs/remotes/origin/*"],
      ],
    },
    ...(branch === undefined
      ? []
      : [
          {
            name: "branch",
            subsection: branch,
            settings: [
              ["remote", "origin"],
              ["merge", head],
            ] as const,
          },
        ]),
    { name: "gc", settings: [["auto", "0"]] },
  ];
}

function sectionOf(key: string, value: string): ConfigSection {
  const first = key.indexOf(".");
  const last = key.lastIndexOf(".");
  const settings = [[key.slice(last + 1), value]] as const;
  const name = key.slice(0, first);
  return first === last ? { name, settings } : { name, subsection: key.slice(first + 1, last), settings };
}

function alternate(path: string): string {
  const bytes = toBytePath(path);
  return bytes.includes("\n") ? `"${bytes.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"` : bytes;
}

async function write(path: string, content: string): Promise<void> {
  await writeFile(path, content, "latin1");
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
