import { packageBuild } from '../../tsup.base.ts';

export default [
  packageBuild({ index: 'src/index.ts' }, { clean: ['!main.*'] }),
  // Started by bin/tenancy.js, and imported by nobody.
  packageBuild({ main: 'src/main.ts' }, { clean: ['!index.*'], format: ['esm'], dts: false }),
];
