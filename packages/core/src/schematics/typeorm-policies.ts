import { posix } from 'node:path';
import { hasLocalPostgres } from './development.js';
import type { Told, Tree } from './workspace.js';

/** The file names of migrations as TypeORM's command writes them: `1764412345678-Jobs.ts`. */
const MIGRATION = /(?:^|\/)\d{13}-[^/]+\.[cm]?ts$/;

/** Writes the migration of roles and policies, unless it is the newest one already. */
export function writeTypeOrmPolicies(
  tree: Tree,
  told: Told,
  sourceRoot: string,
  files: readonly { readonly path: string; readonly text: string }[],
  time: number,
): void {
  const migrations = files
    .filter(({ path }) => MIGRATION.test(path))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  const newest = migrations.at(-1);
  if (newest?.text.includes('compilePolicies')) return;
  const shared =
    files.flatMap(({ text }) => /rowLevelSecurity\(\{\s*shared: \[([^\]]*)\]/.exec(text)?.[1] ?? [])[0] ?? '';
  const folder = newest ? posix.dirname(newest.path) : posix.join(sourceRoot, 'migrations');
  const path = posix.join(folder, `${time}-TenancyPolicies.ts`);
  tree.create(path, migration(`TenancyPolicies${time}`, shared));
  told.changed(`${path}: the role app, and policies on each table with tenant_id`);
  leaveEntities(told, files, ', in a migration before that one');
  told.left(
    hasLocalPostgres(tree)
      ? 'Make the tables: npm run migrate, as soon as npm run database runs.'
      : 'Run migrations as the owner of the tables, by a data source without the scope, and give the role app a password. The application connects as app.',
  );
}

/** Names the tenant of entities as what is left to do, where one has none. */
export function leaveEntities(told: Told, files: readonly { readonly text: string }[], where = ''): void {
  const entities = files.filter(({ text }) => /@Entity\(/.test(text));
  if (entities.length > 0 && entities.every(({ text }) => /@TenantColumn\(|\btenantId\b/.test(text))) return;
  told.left(
    `Give each entity its tenant: @TenantColumn({ name: 'tenant_id', type: 'text' }) tenantId!: string of @tenancy/typeorm${where}; or name it in \`shared\`. Until then the application does not start.`,
  );
}

const migration = (name: string, shared: string) => `import { compilePolicies, readTables } from '@tenancy/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The role \`app\`, and row-level security on each table with \`tenant_id\` that there is when this runs. */
export class ${name} implements MigrationInterface {
  name = '${name}';

  async up(queryRunner: QueryRunner): Promise<void> {
    const catalog = {
      query: async (text: string, values?: unknown[]) => ({
        rows: (await queryRunner.query(text, values)) as unknown[],
      }),
    };
    const tables = await readTables(catalog, {
      shared: [${shared}],
      hidden: ['migrations'],
    });
    const { statements } = compilePolicies({ role: 'app', ...tables });
    for (const statement of statements) {
      await queryRunner.query(statement);
    }
  }

  down(): Promise<void> {
    // Without them, each tenant sees the rows of all.
    throw new Error('Policies are not taken back.');
  }
}
`;
