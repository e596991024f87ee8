import { defineConfig, type Options } from 'tsup';

/** `pnpm start` needs the code that an application on Node imports, and leaves the rest as the last whole build has made it. */
const whatRuns = (format: Options['format'] = ['esm']): Options =>
  process.env['TENANCY_BUILD'] === 'run' ? { format, dts: false, clean: false } : {};

/** One build for every package: ESM and CommonJS with declarations, and code shared between entry points kept in one place. */
export const packageBuild = (entry: Record<string, string>, more: Options = {}) =>
  defineConfig({
    entry,
    format: ['esm', 'cjs'],
    target: 'node20',
    // Two CommonJS subpaths must not carry two copies of a class: they are injection tokens.
    splitting: true,
    // What is built is not minified, so a stack trace is readable without maps; they were more than half of each package, and
    // esbuild writes the path of the machine that built it into those of CommonJS.
    sourcemap: false,
    clean: true,
    silent: true,
    // tsup passes `baseUrl` to the declaration build, which TypeScript 6 deprecates.
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    ...more,
    ...whatRuns(more.format),
  });
