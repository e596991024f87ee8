// What `vitest` reads by itself, so that it also works without the options that the scripts pass.
export { default } from './vitest.workspace.ts';
