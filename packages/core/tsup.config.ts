import { packageBuild } from '../../tsup.base.ts';

export default packageBuild({
  index: 'src/index.ts',
  admin: 'src/admin.ts',
  eslint: 'src/eslint.ts',
  'signed-header': 'src/signed-header.ts',
});
