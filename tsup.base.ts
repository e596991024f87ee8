import { defineConfig, type Options } from 'tsup';

/** One build for every package: ESM and CommonJS with declarations, and code shared between entry points kept in one place. */
export const packageBuild = (entry: Record<string, string>, more: Options = {}) =>
  defineConfig({
    entry,
    format: ['esm', 'cjs'],
    target: 'node20',
    // Two CommonJS subpaths must not carry two copies of a class: they are injection tokens.
    splitting: true,
    sourcemap: true,
    clean: true,
    silent: true,
    // tsup passes `baseUrl` to the declaration build, which TypeScript 6 deprecates.
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    ...more,
  });
