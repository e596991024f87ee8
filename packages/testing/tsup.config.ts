import { readFile, writeFile } from 'node:fs/promises';
import { packageBuild } from '../../tsup.base.ts';

export default packageBuild(
  {
    index: 'src/index.ts',
    vitest: 'src/vitest.ts',
    jest: 'src/jest.ts',
    'jest-setup': 'src/jest-setup.ts',
    postgres: 'src/postgres.ts',
    oracle: 'src/oracle.ts',
    // Started by bin/tenancy-postgres.js.
    'tenancy-postgres': 'src/tenancy-postgres.ts',
  },
  // `import.meta.url` in the CommonJS build.
  {
    shims: true,
    // A setup file of Jest's is a function, and so are its declarations.
    cjsInterop: true,
    esbuildOptions: (options, { format }) => {
      // Jest runs CommonJS without `import()`.
      if (format === 'cjs') options.supported = { 'dynamic-import': false };
    },
    plugins: [
      {
        // A default beside it would be another function to whoever imports it as ESM.
        name: 'jest-setup',
        async buildEnd({ writtenFiles }) {
          const file = writtenFiles.find(({ name }) => name.endsWith('jest-setup.cjs'))?.name;
          if (file === undefined) return;
          const code = await readFile(file, 'utf8');
          await writeFile(
            file,
            code.replace(/exports\.default = (\w+);\s+module\.exports = exports\.default;/, 'module.exports = $1;'),
          );
        },
      },
      {
        // CommonJS cannot wait for Vitest, and Vitest refuses to be required; Jest is refused before.
        name: 'vitest',
        renderChunk(code) {
          if (this.format !== 'cjs') return undefined;
          return {
            code: code.replace(/await Promise\.resolve\(\)\.then\(\(\) => .+"vitest".+\)/, 'require("vitest")'),
          };
        },
      },
    ],
  },
);
