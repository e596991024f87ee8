import { posix } from 'node:path';
import { hasLocalPostgres } from './development.js';
import type { PrismaSchema } from './prisma-schema.js';
import { filesBelow, type Told, type Tree } from './workspace.js';

/** The part of @tenancy/postgres that is used, of the application's own copy. */
export interface Compiler {
  compilePolicies(options: object): { readonly sql: string };
}

/** The thing to do before a schema can have policies; null where it can. */
export function unclassified({ models, path }: PrismaSchema, shared: readonly string[]): string | null {
  const open = models.filter(({ name, tenantColumn }) => tenantColumn === null && !shared.includes(name));
  if (models.some(({ tenantColumn }) => tenantColumn !== null) && open.length === 0) return null;
  const names = open.map(({ name }) => name).join(', ');
  return (
    `${path}: give ${names || 'each model'} the field tenantId String @map("tenant_id"), or name what belongs to everybody in \`shared\`` +
    ' of tenancy.prisma.ts. Then write the roles and policies: nest g -c @tenancy/core policies'
  );
}

/** Writes the migration of roles and policies for the models that there are, unless the last one is the same. */
export function writePrismaPolicies(
  tree: Tree,
  told: Told,
  schema: PrismaSchema,
  shared: readonly string[],
  compiler: Compiler,
  time: Date,
): void {
  const open = unclassified(schema, shared);
  if (open) {
    told.left(open);
    return;
  }
  const tables = schema.models.flatMap(({ table: name, tenantColumn, isUuid }) =>
    tenantColumn === null ? [] : [{ name, tenantColumn, type: isUuid ? 'uuid' : 'text' }],
  );
  const { sql } = compiler.compilePolicies({
    role: 'app',
    tables,
    shared: schema.models.filter(({ name }) => shared.includes(name)).map(({ table: name }) => ({ name })),
    hidden: [{ name: '_prisma_migrations' }],
  });
  const folder = posix.join(posix.dirname(schema.path), 'migrations');
  const written = filesBelow(tree, folder).filter((path) => path.endsWith('.sql'));
  if (written.some((path) => tree.readText(path) === sql)) return;
  const stamp = time.toISOString().replaceAll(/\D/g, '').slice(0, 'yyyymmddhhmmss'.length);
  const path = posix.join(folder, `${stamp}_tenancy_policies`, 'migration.sql');
  tree.create(path, sql);
  told.changed(`${path}: the role app, and policies on ${tables.map(({ name }) => name).join(', ')}`);
  told.left(
    hasLocalPostgres(tree)
      ? 'Make the tables: npm run migrate, as soon as npm run database runs.'
      : 'Run migrations as the owner of the tables, and give the role app a password. The application connects as app.',
  );
}
