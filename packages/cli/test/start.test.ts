import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('starts without what a command needs: that is loaded by the command', () => {
  const source = readFileSync(join(import.meta.dirname, '../dist/main.js'), 'utf8');
  const imported = [...source.matchAll(/^import (?:.* from )?['"]([^'"]+)['"]/gm)].map(([, name = '']) => name);
  const others = imported.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')));
  expect(new Set(others)).toEqual(new Set(['commander']));
});
