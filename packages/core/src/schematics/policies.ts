import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Application, type Orm, readApplication, sourceFiles } from './application.js';
import { isForPostgres } from './other-database.js';
import { type Compiler, unclassified, writePrismaPolicies } from './prisma-policies.js';
import { readPrismaSchema } from './prisma-schema.js';
import { leaveEntities, writeTypeOrmPolicies } from './typeorm-policies.js';
import { type Context, filesBelow, NothingChanged, Told, type Tree } from './workspace.js';

/** Options of `nest g -c @tenancy/core policies`. */
export interface PoliciesOptions {
  readonly sourceRoot?: string;
}

/** The compiler of the application's own @tenancy/postgres, or null where it is not installed. */
export function loadCompiler(root = process.cwd()): Compiler | null {
  const manifest = join(root, 'package.json');
  const folders = createRequire(manifest).resolve.paths('@tenancy/postgres') ?? [];
  // Node remembers a package that it did not find, also when it has been installed since.
  if (!folders.some((folder) => existsSync(join(folder, '@tenancy/postgres/package.json')))) return null;
  return createRequire(manifest)('@tenancy/postgres') as Compiler;
}

/** Writes a migration with the roles and policies of the tables that there are now, for each ORM with a scope. */
export const policies =
  (options: PoliciesOptions, load: () => Compiler | null = loadCompiler, now = () => new Date()) =>
  (tree: Tree, context: Context): void => {
    const app = readApplication(tree, options);
    const told = new Told();
    const orms = app.orms.filter((orm) => app.has(`@tenancy/${orm}`));
    if (orms.length === 0) {
      throw new NothingChanged(
        'no ORM is held to the tenant',
        'Run first: nest add @tenancy/core --orm prisma (or typeorm)',
      );
    }
    for (const orm of orms) {
      if (!isForPostgres(tree, orm, sourceFiles(tree, app.sourceRoot))) {
        told.left(
          `${orm === 'prisma' ? 'Prisma' : 'TypeORM'} is not on PostgreSQL here, which alone has policies. The scope holds the tenant, and nothing below it.`,
        );
        continue;
      }
      if (!writePolicies(tree, told, app, orm, load(), now())) continue;
      throw new NothingChanged(
        '@tenancy/postgres is not installed',
        'Install what is in package.json, and run it again.',
      );
    }
    const nothing = hasPolicies(tree, app)
      ? 'Nothing to change: the last migration of policies is that of the tables that there are now.'
      : 'No migration of policies was written, and there is none.';
    told.tell(context, nothing);
  };

/** True where policies were written before: those of later tables are asked for by their own command. */
export function hasPolicies(tree: Tree, { sourceRoot }: Application): boolean {
  if (sourceFiles(tree, sourceRoot).some(({ text }) => text.includes('compilePolicies('))) return true;
  const migrations = filesBelow(tree, 'prisma/migrations').filter((path) => path.endsWith('.sql'));
  return migrations.some((path) => tree.readText(path).includes('compiled by @tenancy/postgres'));
}

/** @returns true where it waits for @tenancy/postgres to be installed. */
export function writePolicies(
  tree: Tree,
  told: Told,
  { sourceRoot }: Application,
  orm: Orm,
  compiler: Compiler | null,
  now: Date,
): boolean {
  // As they are now, with what was written just before.
  const files = sourceFiles(tree, sourceRoot);
  const isPostgres = isForPostgres(tree, orm, files);
  if (orm === 'typeorm' && !isPostgres) leaveEntities(told, files);
  if (!isPostgres) return false;
  if (orm === 'typeorm') {
    writeTypeOrmPolicies(tree, told, sourceRoot, files, now.getTime());
    return false;
  }
  const schema = readPrismaSchema(tree);
  if (!schema?.isPostgres) return false;
  const scope = files.find(({ text }) => text.includes('TenantPrismaModule'))?.text ?? '';
  // The list for the scope comes after that for the floor.
  const list = [...scope.matchAll(/shared: \[([^\]]*)\]/g)].at(-1)?.[1] ?? '';
  const shared = [...list.matchAll(/['"]([^'"]+)['"]/g)].map(([, name = '']) => name);
  if (!compiler && unclassified(schema, shared) === null) return true;
  if (compiler) writePrismaPolicies(tree, told, schema, shared, compiler, now);
  else told.left(unclassified(schema, shared) ?? '');
  return false;
}
