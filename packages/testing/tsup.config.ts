import { packageBuild } from '../../tsup.base.ts';

export default packageBuild(
  {
    index: 'src/index.ts',
    vitest: 'src/vitest.ts',
    jest: 'src/jest.ts',
    postgres: 'src/postgres.ts',
    oracle: 'src/oracle.ts',
  },
  // `import.meta.url` in the CommonJS build.
  {
    shims: true,
    esbuildOptions: (options, { format }) => {
      // Jest runs CommonJS without `import()`.
      if (format === 'cjs') options.supported = { 'dynamic-import': false };
    },
    plugins: [
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
