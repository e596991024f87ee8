import { posix } from 'node:path';
import type { Application } from './application.js';
import { filesBelow, type Tree } from './workspace.js';

/** The file of a test, and the command that runs it. */
export interface TestPlace {
  readonly path: string;
  readonly command: string;
}

/** The place of Nest's own end-to-end tests, also where none is left of them, or beside the sources. */
export function placeOf(tree: Tree, { sourceRoot, manifest }: Pick<Application, 'sourceRoot' | 'manifest'>): TestPlace {
  const folder = posix.join(posix.dirname(sourceRoot), 'test');
  const path = posix.join(folder, 'isolation.e2e-spec.ts');
  const otherwise = { path: posix.join(sourceRoot, 'isolation.spec.ts'), command: 'npm run test' };
  const script = manifest.scripts?.['test:e2e'];
  if (!script) return otherwise;
  const given = /(?:--config|-c)[= ]["']?([^\s"']+)/.exec(script)?.[1];
  const config = given === undefined ? null : posix.normalize(given);
  if (given !== undefined && config !== null && isElsewhere(config, folder)) {
    const own = posix.join(folder, 'jest-e2e.json');
    if (!/\bjest\b/.test(script) || !tree.exists(own)) return otherwise;
    const command = script.replace(given, own);
    return { path, command: command.startsWith('node ') ? command : `npx ${command}` };
  }
  const hasTests = filesBelow(tree, folder).length > 0 || (config !== null && tree.exists(config));
  return hasTests ? { path, command: 'npm run test:e2e' } : otherwise;
}

/** True where a configuration is that of another application of a monorepo. */
const isElsewhere = (config: string, folder: string) => posix.relative(posix.dirname(config), folder).startsWith('..');
