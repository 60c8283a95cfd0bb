import type { Plugin } from "esbuild";

/** What a library loads at its beginning though few programs come to need it: a function each, by the file that exports it. */
export interface LateModule {
  /** As it is required. */
  readonly path: RegExp;
  /** The files that require it. */
  readonly importer: RegExp;
}

/** Has modules loaded with the first call of the one function they export. */
export function lateModules(modules: readonly LateModule[]): Plugin {
  return {
    name: "late-modules",
    setup(build) {
      for (const { path, importer } of modules) {
        build.onResolve({ filter: path }, async ({ path: asked, importer: from, ...rest }) => {
          if (!importer.test(from) || rest.pluginData === "itself") return undefined;
          const { kind, resolveDir } = rest;
          const found = await build.resolve(asked, {
            kind,
            resolveDir,
            importer: from,
            pluginData: "itself",
          });
          return found.errors.length > 0 ? found : { path: found.path, namespace: "late" };
        });
      }
      build.onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => ({
        contents: `module.exports = function (...all) { return require(${JSON.stringify(path)}).apply(this, all); };`,
        resolveDir: "/",
      }));
    },
  };
}
