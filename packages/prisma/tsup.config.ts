import { packageBuild } from '../../tsup.base.ts';

export default packageBuild({
  index: 'src/index.ts',
  admin: 'src/admin.ts',
  nest: 'src/nest.ts',
  // Started by bin/tenancy-prisma.js.
  generator: 'src/generator/generator.ts',
});
