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
      // CommonJS does not even parse `import.meta`, and has `__filename`.
      if (format === 'cjs') options.define = { ...options.define, 'import.meta.url': '""' };
    },
  },
);
