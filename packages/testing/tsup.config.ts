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
  },
);
