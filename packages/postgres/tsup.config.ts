import { packageBuild } from '../../tsup.base.ts';

export default packageBuild({
  index: 'src/index.ts',
  admin: 'src/admin.ts',
  changes: 'src/changes.ts',
  doctor: 'src/doctor.ts',
  lint: 'src/lint.ts',
  migrations: 'src/migrations.ts',
  tenants: 'src/tenants.ts',
});
