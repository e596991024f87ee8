import { packageBuild } from '../../tsup.base.ts';

export default packageBuild({
  index: 'src/index.ts',
  admin: 'src/admin.ts',
  migrations: 'src/migrations.ts',
  nest: 'src/nest.ts',
});
