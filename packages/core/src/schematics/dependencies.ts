import { type Application, installedVersion, type Needed, type Orm } from './application.js';
import { jsonLike } from './edit.js';
import { type Context, type Told, type Tree, textOf } from './workspace.js';

/** The range of all packages of @tenancy: they share one version. */
export function ownRange(tree: Tree, { manifest }: Application): string {
  const declared = manifest.dependencies?.['@tenancy/core'];
  if (declared && /^[\^~]?\d/.test(declared)) return declared;
  const installed = installedVersion(tree, '@tenancy/core');
  return installed ? `^${installed}` : 'latest';
}

/** The packages that the registration, the tokens and the ORM need. */
export function neededFor(
  tree: Tree,
  app: Application,
  tokens: boolean,
  orm: Orm | 'none',
  isPostgres: boolean,
): Needed[] {
  const own = ownRange(tree, app);
  // The newest is ESM, which Jest on Nest 11 does not load.
  const jwt = { name: '@nestjs/jwt', range: `^${app.nest}.0.0` };
  const floor = [
    { name: '@tenancy/postgres', range: own },
    { name: 'pg', range: '^8.16.0' },
    { name: '@types/pg', range: '^8.15.0', isDev: true },
  ];
  return [
    { name: '@tenancy/core', range: own },
    ...(tokens ? [jwt] : []),
    ...(orm === 'none' ? [] : [{ name: `@tenancy/${orm}`, range: own }, ...(isPostgres ? floor : [])]),
    ...(orm === 'prisma' ? prismaOf(app, isPostgres) : []),
  ];
}

/** The adapter, and the command that generates the client: all packages of Prisma share one version. */
function prismaOf({ manifest }: Application, isPostgres: boolean): Needed[] {
  const range = manifest.dependencies?.['@prisma/client'] ?? '^7.0.0';
  return [...(isPostgres ? [{ name: '@prisma/adapter-pg', range }] : []), { name: 'prisma', range, isDev: true }];
}

/** The packages that the isolation test needs. */
export const neededForTests = (tree: Tree, app: Application): Needed[] => [
  { name: '@tenancy/testing', range: ownRange(tree, app), isDev: true },
  { name: '@nestjs/testing', range: `^${app.nest}.0.0`, isDev: true },
];

/**
 * Writes what is missing into `package.json`, and has it installed.
 *
 * @returns the task that installs, or null where nothing is missing or `skipInstall` says so.
 */
export function addDependencies(
  tree: Tree,
  context: Context,
  told: Told,
  app: Application,
  needed: readonly Needed[],
  skipInstall: boolean,
): unknown {
  const missing = needed.filter(({ name }) => !app.has(name));
  if (missing.length === 0) return null;
  const text = textOf(tree, 'package.json') ?? '{}';
  const manifest = JSON.parse(text) as Record<string, Record<string, string>>;
  for (const { name, range, isDev } of missing) {
    const key = isDev ? 'devDependencies' : 'dependencies';
    const all = { ...manifest[key], [name]: range };
    manifest[key] = Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
  }
  tree.overwrite('package.json', jsonLike(text, manifest));
  told.changed(`package.json: ${missing.map(({ name, range }) => `${name} ${range}`).join(', ')}`);
  if (skipInstall) {
    told.left('Install what is new in package.json.');
    return null;
  }
  // As NodePackageInstallTask of @angular-devkit/schematics says it.
  return context.addTask({ toConfiguration: () => ({ name: 'node-package', options: { command: 'install' } }) });
}
