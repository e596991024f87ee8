import { dirname, posix } from 'node:path';
import { type Application, importPath, type RootModule } from './application.js';
import { edited, parse, type TypeScript } from './edit.js';
import { addedImports, importEnding } from './imports.js';
import { registration } from './module-registration.js';
import { type PrismaSchema, readPrismaSchema } from './prisma-schema.js';
import type { Told, Tree } from './workspace.js';

/** Registers a scoped client over the floor beside the one that there is; what uses that one is left to do, in words. */
export function addPrismaScope(
  ts: TypeScript,
  tree: Tree,
  told: Told,
  { isEsm }: Application,
  files: readonly { readonly path: string; readonly text: string }[],
  root: () => RootModule,
  shared: readonly string[],
): void {
  if (files.some(({ text }) => /\bTenantPrismaModule\b|\btenantScoped\(/.test(text))) return;
  const schema = readPrismaSchema(tree);
  if (!schema?.isPostgres) {
    told.left(
      `${schema ? `${schema.path} is not for PostgreSQL` : 'No prisma/schema.prisma was found'}: register TenantPrismaModule of @tenancy/prisma/nest with your client.`,
    );
    return;
  }
  const { path, className } = root();
  const text = tree.readText(path);
  const source = parse(ts, path, text);
  const ending = importEnding(ts, source, isEsm);
  const file = posix.join(dirname(path), 'tenancy.prisma.ts');
  const registered = registration(ts, source, className, 'TenancyPrismaModule');
  if (!tree.exists(file)) tree.create(file, moduleFile(schema, file, ending, shared));
  told.changed(`${file}: the scope over the floor, a client that cannot forget the tenant`);
  const line = `import { TenancyPrismaModule } from '${importPath(path, file)}${ending}'`;
  if ('why' in registered) told.left(`Import TenancyPrismaModule of ${file} in ${path}.`);
  else {
    tree.overwrite(path, edited(text, [addedImports(ts, source, [line]), ...registered.insertions]));
    told.changed(`${path}: imports TenancyPrismaModule`);
  }
  if (files.some(({ text: code }) => /\bInjectTenantPrisma\b|\bgetTenantPrismaToken\b/.test(code))) return;
  const service = files
    .map(({ text: code }) => /class\s+(\w+)\s+extends\s+PrismaClient\b/.exec(code)?.[1])
    .find(Boolean);
  if (
    files.some(({ text: code }) => /import\s*\{[^}]*\bPrismaService\b[^}]*\}\s*from\s*['"]nestjs-prisma['"]/.test(code))
  ) {
    told.left(
      'PrismaService of nestjs-prisma knows no tenant: import a PrismaService of your own in its place, which stands for the scoped client, and take its PrismaModule out (docs/into-an-existing-application.md#prisma).',
    );
    return;
  }
  told.left(
    service
      ? `Where ${service} is provided, give the scoped client: { provide: ${service}, useExisting: getTenantPrismaToken() } of @tenancy/prisma/nest; let ${file} make a ${service} where it has methods of its own.`
      : 'Inject the scoped client: @InjectTenantPrisma() of @tenancy/prisma/nest.',
  );
}

function moduleFile({ client, models }: PrismaSchema, file: string, ending: string, shared: readonly string[]): string {
  const listed = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');
  const tables = shared.map((name) => models.find((model) => model.name === name)?.table ?? name);
  const from = client === '@prisma/client' ? client : `${importPath(file, posix.normalize(client))}${ending}`;
  return `import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import {
  createTenantPool,
  rowLevelSecurity,
  TenantPool,
} from '@tenancy/postgres';
import { TenantPrismaModule } from '@tenancy/prisma/nest';
import { PrismaClient } from '${from}';

/** Binds the tenant to each query, so that PostgreSQL itself refuses the rows of others. It connects as the role \`app\`. */
@Module({
  providers: [
    {
      provide: TenantPool,
      inject: [TenantContext],
      useFactory: (context: TenantContext) =>
        createTenantPool({
          connectionString: process.env.DATABASE_URL,
          context,
          isolation: rowLevelSecurity({
            shared: [${listed(tables)}],
            hidden: ['_prisma_migrations'],
          }),
        }),
    },
  ],
  exports: [TenantPool],
})
class TenantPoolModule implements OnApplicationShutdown {
  constructor(@Inject(TenantPool) private readonly pool: TenantPool) {}

  onApplicationShutdown() {
    return this.pool.end();
  }
}

@Module({
  imports: [
    TenantPrismaModule.forRootAsync({
      imports: [TenantPoolModule],
      inject: [TenantPool],
      useFactory: (floor: TenantPool) => ({
        prisma: new PrismaClient({ adapter: new PrismaPg(floor) }),
        // Models without the field tenantId, which every tenant reads.
        shared: [${listed(shared)}],
        floor,
      }),
    }),
  ],
})
export class TenancyPrismaModule {}
`;
}
