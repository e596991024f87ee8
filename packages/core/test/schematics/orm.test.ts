import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type NestAddOptions, nestAdd } from '../../src/schematics/nest-add.js';
import { policies } from '../../src/schematics/policies.js';
import type { Compiler } from '../../src/schematics/prisma-policies.js';
import { ApplicationInMemory } from './application-in-memory.js';

/** As that of @tenancy/postgres, which the core does not know: what it is called with is what counts here. */
const compiler: Compiler = {
  compilePolicies: (options) => ({ sql: `-- compiled by @tenancy/postgres\n${JSON.stringify(options)}\n` }),
};
const add = async (app: ApplicationInMemory, options: NestAddOptions = {}, found: Compiler | null = compiler) => {
  const outside = { ask: () => null, typescript: () => ts, compiler: () => found };
  await nestAdd({ baseDomain: 'app.example.com', ...options }, outside)(app, app);
};
const appModule = (imports: string, importing = '') =>
  `import { Module } from '@nestjs/common';\n${importing}\n@Module({\n  imports: [\n    ${imports},\n  ],\n})\nexport class AppModule {}\n`;
const own = { '@nestjs/core': '^12.0.0', '@tenancy/core': '^0.1.0' };
const MIGRATION = /^src\/migrations\/\d{13}-TenancyPolicies\.ts$/;

describe('TypeORM', () => {
  const IMPORT = "import { TypeOrmModule } from '@nestjs/typeorm';\n";
  const withTypeOrm = (imports: string, more: Record<string, string> = {}) =>
    new ApplicationInMemory({
      'package.json': { type: 'module', dependencies: { ...own, pg: '^8.16.0', typeorm: '^1.0.0' } },
      'src/app.module.ts': appModule(imports, IMPORT),
      ...more,
    });

  it.each([
    [
      "TypeOrmModule.forRoot({ type: 'postgres' })",
      "TenantTypeOrmModule.forRoot({ ...tenantFloor(), type: 'postgres' })",
    ],
    [
      "TypeOrmModule.forRoot({\n      type: 'postgres',\n    })",
      "TenantTypeOrmModule.forRoot({\n      ...tenantFloor(),\n      type: 'postgres',\n    })",
    ],
    [
      "TypeOrmModule.forRootAsync({ inject: [C], useFactory: (c: C) => ({ type: 'postgres', url: c.url }) })",
      "TenantTypeOrmModule.forRootAsync({ inject: [C], useFactory: (c: C) => ({ ...tenantFloor(), type: 'postgres', url: c.url }) })",
    ],
    [
      'TypeOrmModule.forRootAsync({ useFactory() { return { type: "postgres" }; } })',
      'TenantTypeOrmModule.forRootAsync({ useFactory() { return { ...tenantFloor(), type: "postgres" }; } })',
    ],
  ])('gets its scope, its floor and a migration: %s', async (before, after) => {
    const app = withTypeOrm(before);
    await add(app);
    const text = app.now['src/app.module.ts'];
    expect(text).toContain(after);
    expect(text).toContain("import { TenantTypeOrmModule } from '@tenancy/typeorm/nest';");
    expect(text).toContain("import { tenantFloor } from './tenancy.floor.js';");
    expect(text).not.toContain('@nestjs/typeorm');
    expect(app.now['src/tenancy.floor.ts']).toContain('driver: { ...pg, Pool: TenantPool }');
    expect(JSON.parse(app.now['package.json'] ?? '').dependencies).toMatchObject({
      '@tenancy/typeorm': '^0.1.0',
      '@tenancy/postgres': '^0.1.0',
      pg: '^8.16.0',
    });
    const once = app.now;
    expect(Object.keys(once).filter((path) => MIGRATION.test(path))).toHaveLength(1);
    await add(app);
    expect(app.now).toEqual(once);
  });

  it.each([
    [
      'TypeOrmModule.forRoot({ type: kind })',
      /The floor is not under the data source of src\/app\.module\.ts\. On PostgreSQL/,
    ],
    ["TypeOrmModule.forRoot({ type: 'postgres', extra: { max: 5 } })", /which has a driver or extra of its own/],
  ])('gets its scope alone, and words for the floor: %s', async (before, left) => {
    const app = withTypeOrm(before);
    await add(app);
    expect(app.now['src/app.module.ts']).toContain(before.replace('TypeOrm', 'TenantTypeOrm'));
    expect(app.now['src/tenancy.floor.ts']).toBeUndefined();
    expect(app.said.join('\n')).toMatch(left);
  });

  it.each(['TypeOrmModule.forRootAsync({ useClass: Options })', 'TypeOrmModule.forRoot(options)'])(
    'has its floor in a file where its options are made elsewhere: %s',
    async (before) => {
      const entity =
        "@Entity({\n  name: 'roles',\n})\nexport class RoleEntity {}\n@Entity('plan_list')\nexport class Plan {}";
      const app = withTypeOrm(before, { 'src/entities.ts': entity });
      await add(app, { shared: 'RoleEntity,Plan,PriceList' });
      expect(app.now['src/app.module.ts']).toContain(before.replace('TypeOrm', 'TenantTypeOrm'));
      const tables = "shared: ['roles', 'plan_list', 'price_list']";
      expect(app.now['src/tenancy.floor.ts']).toContain(tables);
      expect(Object.entries(app.now).find(([path]) => MIGRATION.test(path))?.[1]).toContain(tables);
      expect(app.said.join('\n')).toMatch(/spread \.\.\.tenantFloor\(\) of src\/tenancy\.floor\.ts into the options/);
    },
  );

  it('keeps its own module where something else uses it, and goes where it is registered', async () => {
    const database = `${IMPORT}export const data = [TypeOrmModule.forRoot({ type: 'postgres' }), TypeOrmModule.forFeature([Job])];\n`;
    const app = withTypeOrm('A', { 'src/database/database.ts': database });
    await add(app, { shared: 'Country,PriceList' });
    expect(app.now['src/database/database.ts']).toContain("from '@nestjs/typeorm'");
    expect(app.now['src/database/database.ts']).toContain(
      "TenantTypeOrmModule.forRoot({ shared: ['Country', 'PriceList'], ...tenantFloor(), type: 'postgres' }), TypeOrmModule.forFeature([Job])",
    );
    expect(app.now['src/database/tenancy.floor.ts']).toContain("shared: ['country', 'price_list']");
  });

  it('asks for the tenant of the entities that have none', async () => {
    const entity = (column: string) => `@Entity()\nclass Job {\n  ${column}\n}\n`;
    const said = async (more: Record<string, string>) => {
      const app = withTypeOrm("TypeOrmModule.forRoot({ type: 'postgres' })", more);
      await add(app);
      return app.said.join('\n');
    };
    const held = { 'src/job.entity.ts': entity("@TenantColumn({ name: 'tenant_id' }) tenantId!: string;") };
    expect(await said(held)).not.toContain('Give each entity its tenant');
    expect(await said({ ...held, 'src/desk.entity.ts': entity('') })).toContain('Give each entity its tenant');
    // `text`, as `adopt` makes it: TypeORM would drop a column of another type, and make an empty one.
    expect(await said({})).toContain("Give each entity its tenant: @TenantColumn({ name: 'tenant_id', type: 'text' })");
  });

  it('is left to do where nothing registers it, or two things do', async () => {
    const none = withTypeOrm('A');
    await add(none);
    expect(none.said.join('\n')).toMatch(/There is no call of TypeOrmModule\.forRoot: register TenantTypeOrmModule/);
    const two = withTypeOrm('TypeOrmModule.forRoot({}), TypeOrmModule.forRoot({ name: "b" })');
    await add(two, { shared: 'Country' });
    expect(two.said.join('\n')).toMatch(/There are 2 calls of TypeOrmModule\.forRoot.+shared: \['Country'\]/);
    expect(two.now['src/tenancy.floor.ts']).toContain("shared: ['country']");
  });

  it('has its migration where the others are, and another one once there are later ones', async () => {
    const app = withTypeOrm('A', { 'src/db/1700000000000-Jobs.ts': 'export class Jobs {}' });
    await add(app);
    const written = () => Object.keys(app.now).filter((path) => path.endsWith('-TenancyPolicies.ts'));
    expect(written()).toEqual([expect.stringMatching(/^src\/db\/\d{13}-/)]);
    policies({}, () => null)(app, app);
    expect(written()).toHaveLength(1);
    app.create('src/db/2500000000000-Candidates.ts', 'export class Candidates {}');
    policies(
      {},
      () => null,
      () => new Date(2_600_000_000_000),
    )(app, app);
    expect(written()).toHaveLength(2);
  });
});

describe('Prisma', () => {
  const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "../src/generated"
}
datasource db {
  provider = "postgresql"
}
model Job { // a { in a comment
  id       String @id
  tenantId String @default(dbgenerated("current_setting('app.tenant_id')")) @map("tenant_id") @db.Uuid

  @@map("jobs")
}
model Candidate {
  tenantId String
}
model Country {
  code String @id
  @@map("country")
}
`;
  const withPrisma = (more: Record<string, string> = {}) =>
    new ApplicationInMemory({
      'package.json': { type: 'module', dependencies: { ...own, '@prisma/client': '^7.1.0' } },
      'src/app.module.ts': appModule('A'),
      'prisma/schema.prisma': SCHEMA,
      ...more,
    });
  const migrations = (app: ApplicationInMemory) => Object.keys(app.now).filter((path) => path.endsWith('.sql'));

  it('gets its scope over the floor, and a migration for the models that there are', async () => {
    const app = withPrisma();
    await add(app, { shared: 'Country' });
    expect(app.now['src/app.module.ts']).toContain('    TenancyPrismaModule,\n');
    expect(app.now['src/tenancy.prisma.ts']).toContain("import { PrismaClient } from './generated/client.js';");
    expect(app.now['src/tenancy.prisma.ts']).toContain(
      "shared: ['country'],\n            hidden: ['_prisma_migrations']",
    );
    expect(app.now['src/tenancy.prisma.ts']).toContain("shared: ['Country'],\n        floor,");
    expect(JSON.parse(app.now['package.json'] ?? '').dependencies['@prisma/adapter-pg']).toBe('^7.1.0');
    const [path = ''] = migrations(app);
    expect(path).toMatch(/^prisma\/migrations\/\d{14}_tenancy_policies\/migration\.sql$/);
    expect(JSON.parse(app.now[path]?.split('\n')[1] ?? '')).toEqual({
      role: 'app',
      tables: [
        { name: 'jobs', tenantColumn: 'tenant_id', type: 'uuid' },
        { name: 'Candidate', tenantColumn: 'tenantId', type: 'text' },
      ],
      shared: [{ name: 'country' }],
      hidden: [{ name: '_prisma_migrations' }],
    });
    const once = app.now;
    await add(app);
    policies({}, () => compiler)(app, app);
    expect(app.now).toEqual(once);
  });

  it('names the models that nobody classified, and writes the policies once they are', async () => {
    const app = withPrisma();
    await add(app);
    expect(app.said.join('\n')).toMatch(
      /give Country the field tenantId String @map\("tenant_id"\), or name .* in `shared`/,
    );
    expect(migrations(app)).toEqual([]);
    app.overwrite('prisma/schema.prisma', SCHEMA.replace('code String @id', 'code String @id\n  tenantId String'));
    policies({}, () => compiler)(app, app);
    expect(migrations(app)).toHaveLength(1);
  });

  it('has the policies compiled by what is being installed, or left for later', async () => {
    const app = withPrisma();
    await add(app, { shared: 'Country' }, null);
    expect(app.tasks.at(-1)).toEqual({
      name: 'run-schematic',
      options: { collection: '@tenancy/core', name: 'policies', options: { sourceRoot: 'src' } },
    });
    expect(() => policies({}, () => null)(app, app)).toThrow(
      /@tenancy\/postgres is not installed\. Nothing was changed/,
    );
    const later = withPrisma();
    await add(later, { shared: 'Country', skipInstall: true }, null);
    expect(later.tasks).toEqual([]);
    expect(later.said.join('\n')).toMatch(
      /Install what is new, then write the roles and policies: nest g -c @tenancy\/core policies/,
    );
  });

  it('says how a service of its own gets the scoped client, and that other databases have no floor', async () => {
    const app = withPrisma({
      'src/prisma.service.ts': 'export class PrismaService\n  extends PrismaClient\n  implements OnModuleInit {}',
    });
    await add(app, { shared: 'Country' });
    expect(app.said.join('\n')).toContain('{ provide: PrismaService, useExisting: getTenantPrismaToken() }');
    const other = withPrisma({ 'prisma/schema.prisma': SCHEMA.replace('postgresql', 'sqlite') });
    await add(other);
    expect(other.now['src/tenancy.prisma.ts']).toBeUndefined();
    expect(other.said.join('\n')).toMatch(/prisma\/schema\.prisma is not for PostgreSQL: register TenantPrismaModule/);
  });
});

it('policies are for an application whose ORM is held to the tenant', () => {
  const app = new ApplicationInMemory({
    'package.json': { dependencies: { ...own, pg: '^8.16.0', typeorm: '^1.0.0' } },
  });
  expect(() => policies({}, () => compiler)(app, app)).toThrow(
    /no ORM is held to the tenant\. Nothing was changed\. Run first/,
  );
});
