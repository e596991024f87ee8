import { packageBuild } from '../../tsup.base.ts';

export default packageBuild(
  {
    index: 'src/index.ts',
    admin: 'src/admin.ts',
    eslint: 'src/eslint.ts',
    'signed-header': 'src/signed-header.ts',
  },
  {
    esbuildOptions: (options, { format }) => {
      // What is split is built as ESM first, so nothing else replaces it in CommonJS, where it is a syntax error.
      if (format === 'cjs') options.define = { ...options.define, 'import.meta.url': '__filename' };
    },
  },
);
