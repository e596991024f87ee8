import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { NEST_ADD_OPTIONS } from '../../src/schematics/known-options.js';
import { type NestAddOptions, nestAdd } from '../../src/schematics/nest-add.js';
import { policies } from '../../src/schematics/policies.js';
import { ApplicationInMemory } from './application-in-memory.js';

const module = (imports: string) =>
  `import { Module } from '@nestjs/common';\nimport { TypeOrmModule } from '@nestjs/typeorm';\n\n@Module({ imports: [${imports}] })\nexport class AppModule {}\n`;
const application = (dependencies: object = {}, more: Record<string, string | object> = {}) =>
  new ApplicationInMemory({
    'package.json': { dependencies: { '@nestjs/core': '^11.0.1', '@tenancy/core': '^0.1.0', ...dependencies } },
    'src/app.module.ts': module(''),
    ...more,
  });
const add = async (app: ApplicationInMemory, options: object = {}) => {
  const outside = { ask: () => null, typescript: () => ts, compiler: () => null };
  await nestAdd({ baseDomain: 'app.example.com', ...options } as NestAddOptions, outside)(app, app);
  return app.said.join('\n');
};
const migrations = (app: ApplicationInMemory) =>
  Object.keys(app.now).filter((path) => path.includes('TenancyPolicies'));

describe('an option that nobody knows', () => {
  it.each([
    [
      'token',
      /--token is not known\. Nothing was changed\. Did you mean --tokens\? There are --base-domain, --tokens,/,
    ],
    ['basedomain', /Did you mean --base-domain\?/],
    ['localPostgress', /--local-postgress is not known.+Did you mean --local-postgres\?/],
    ['d', /-d is not known.+Did you mean --dry-run\?/],
    ['entirelyElse', /--entirely-else is not known\. Nothing was changed\. There are/],
  ])('is refused with the nearest one: %s', async (name, message) => {
    const app = application();
    const before = app.now;
    await expect(add(app, { [name]: true })).rejects.toThrow(message);
    expect(app.now).toEqual(before);
  });

  it("is none that Nest's own command passes along, or leaves undefined", async () => {
    const app = application();
    await add(app, { project: 'billing', p: 'billing', s: true, dryRun: true, sourceRoot: 'src', other: undefined });
    expect(app.now['src/app.module.ts']).toContain('TenancyModule');
    // `-s` is what Nest's command was told too.
    expect(app.tasks).toEqual([]);
  });

  it('is none of those that are described', () => {
    const schema = JSON.parse(readFileSync(new URL('../../schematics/nest-add.json', import.meta.url), 'utf8'));
    expect(Object.keys(schema.properties)).toEqual([...NEST_ADD_OPTIONS]);
  });
});

describe('a Nest that is too old', () => {
  it.each([
    ['^10.4.0', null],
    ['^10.4.0', '10.4.20'],
    ['^11.0.1', '11.1.3'],
    ['^11.0.1', '11.0.20'],
  ])('changes nothing: %s, installed %s', async (range, installed) => {
    const manifest = installed ? { 'node_modules/@nestjs/core/package.json': { version: installed } } : {};
    const app = application({ '@nestjs/core': range }, manifest);
    const before = app.now;
    await expect(add(app)).rejects.toThrow(/Nest is .+, and @tenancy needs 11\.1\.4 or later\. Nothing was changed/);
    expect(app.now).toEqual(before);
  });

  it.each(['11.1.4', '11.2.0', '12.0.0'])('%s is not', async (version) => {
    await add(application({}, { 'node_modules/@nestjs/core/package.json': { version } }));
  });
});

describe('TypeORM on another database', () => {
  it.each(['mysql', 'mariadb', 'sqlite', 'better-sqlite3'])(
    'gets its scope, and nothing of PostgreSQL: %s',
    async (type) => {
      const app = application(
        { typeorm: '^1.0.0', '@tenancy/typeorm': '^0.1.0' },
        { 'src/app.module.ts': module(`TypeOrmModule.forRoot({ type: '${type}', synchronize: true })`) },
      );
      const said = await add(app, { localPostgres: true });
      expect(app.now['src/app.module.ts']).toContain('TenantTypeOrmModule.forRoot(');
      expect(app.now['package.json']).not.toMatch(/"pg"|postgres/);
      expect(migrations(app)).toEqual([]);
      expect(said).not.toMatch(/the role app|PostgreSQL/);
      expect(said).toContain(`The data source of src/app.module.ts is of ${type}, where there are no policies`);
      expect(said).toContain('Give each entity its tenant');
      expect(said).toContain('Nothing came of --local-postgres');
      app.said.length = 0;
      policies({}, () => null)(app, app);
      expect(migrations(app)).toEqual([]);
      expect(app.said.join('\n')).toMatch(/^No migration of policies was written, and there is none\./);
      expect(app.said.join('\n')).toContain('TypeORM is not on PostgreSQL here');
    },
  );

  it('is not one where a test alone has one, or PostgreSQL is there too', async () => {
    const app = application(
      { typeorm: '^1.0.0' },
      {
        'src/app.module.ts': module("TypeOrmModule.forRoot({ type: 'postgres' })"),
        'src/old.ts': "new DataSource({ type: 'mysql' });",
      },
    );
    await add(app);
    expect(migrations(app)).toHaveLength(1);
  });
});

it.each([
  ["TypeOrmModule.forRoot({ type: 'postgres', synchronize: true })", {}, 'src/app.module.ts'],
  [
    'TypeOrmModule.forRootAsync({ useClass: Options })',
    { 'src/options.ts': 'class Options implements TypeOrmOptionsFactory { a() { return { synchronize: dev }; } }' },
    'src/options.ts',
  ],
])('synchronize is named as what is to be switched off: %s', async (imports, more, path) => {
  const said = (text: string) => add(application({ typeorm: '1' }, { 'src/app.module.ts': module(text), ...more }));
  expect(await said(imports)).toContain(`Switch \`synchronize\` off in ${path}:`);
  expect(
    await add(
      application({ typeorm: '1' }, { 'src/app.module.ts': module('TypeOrmModule.forRoot({ synchronize: false })') }),
    ),
  ).not.toContain('Switch');
});

it('names --orm where there are two ORMs that nothing holds, and nobody to ask', async () => {
  const both = { typeorm: '1', '@prisma/client': '7', '@tenancy/typeorm': '^0.1.0', '@tenancy/prisma': '^0.1.0' };
  const open = 'nest add @tenancy/core --skip-install --orm prisma, or --orm typeorm';
  expect(await add(application(both))).toContain(open);
  expect(await add(application(both), { orm: 'none' })).not.toContain('--orm');
  const held = application(both, { 'src/data.ts': 'TenantTypeOrmModule.forRoot({});' });
  expect(await add(held)).toMatch(/nest add @tenancy\/core --skip-install --orm prisma$/m);
});

describe('a name that nothing has', () => {
  const prisma = () =>
    application(
      { '@prisma/client': '^7.1.0' },
      { 'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\nmodel Plan {\n  id Int @id\n}\n' },
    );

  it.each([
    [{ shared: 'Plan,Plna' }, /prisma\/schema\.prisma has no model Plna, .+Nothing was changed\. There are Plan\./],
    [{ shared: 'public.plan' }, /--shared public\.plan is no model.+Nothing was changed\. Name classes/],
    [{ project: 'wbe' }, /nest-cli\.json has no project wbe\. Nothing was changed\. There are api, web\./],
    [{ p: 'wbe' }, /nest-cli\.json has no project wbe/],
    [{ baseDomain: '192.168.0.1' }, /"192\.168\.0\.1" is no domain\..+An address in numbers/],
  ])('is refused: %j', async (options, message) => {
    const app = prisma();
    app.files.set('nest-cli.json', JSON.stringify({ projects: { api: {}, web: {} } }));
    const before = app.now;
    await expect(add(app, options)).rejects.toThrow(message);
    expect(app.now).toEqual(before);
  });

  it('is found with spaces around it', async () => {
    const app = prisma();
    await add(app, { shared: 'Plan, ', project: 'web' });
    expect(app.now['src/tenancy.prisma.ts']).toContain("shared: ['Plan']");
  });
});

it('imports nothing twice', async () => {
  const app = application({}, { 'src/app.module.ts': `import { TenancyModule } from '@tenancy/core';\n${module('')}` });
  await add(app);
  expect(app.now['src/app.module.ts']?.split('import { TenancyModule }')).toHaveLength(2);
  expect(app.now['src/app.module.ts']).toContain('imports: [TenancyModule.forRootAsync');
});

it('leaves the ends of lines of Windows in JSON', async () => {
  const app = application({}, { '.oxlintrc.json': '{\r\n  "rules": {}\r\n}\r\n' });
  app.files.set(
    'package.json',
    JSON.stringify(JSON.parse(app.now['package.json'] ?? ''), null, 2).replaceAll('\n', '\r\n'),
  );
  await add(app, { localPostgres: true });
  for (const file of ['package.json', '.oxlintrc.json']) expect(app.now[file]).not.toMatch(/[^\r]\n/);
});

it('names the form of a domain that browsers send', async () => {
  await expect(add(application(), { baseDomain: 'müller.example' })).rejects.toThrow(
    /"müller\.example" is no domain.+--base-domain xn--mller-kva\.example$/,
  );
});

it('says that no migration of policies is there, where none is', () => {
  const schema = 'datasource db {\n  provider = "postgresql"\n}\nmodel Job {\n  id Int @id\n}\n';
  const app = application({ '@prisma/client': '7', '@tenancy/prisma': '^0.1.0' }, { 'prisma/schema.prisma': schema });
  policies({}, () => ({ compilePolicies: () => ({ sql: '' }) }))(app, app);
  expect(app.said[0]).toBe('No migration of policies was written, and there is none.');
});

it('names the client of nestjs-prisma that its services would go on with', async () => {
  const schema = 'datasource db {\n  provider = "postgresql"\n}\nmodel Job {\n  tenantId String\n}\n';
  const prisma = (service: string) =>
    application({ '@prisma/client': '^7.1.0' }, { 'prisma/schema.prisma': schema, 'src/jobs.ts': service });
  const said = await add(prisma("import { PrismaModule, PrismaService } from 'nestjs-prisma';"));
  expect(said).toContain('PrismaService of nestjs-prisma knows no tenant');
  expect(said).not.toContain('Inject the scoped client');
  expect(await add(prisma("import { PrismaService } from './prisma.js';"))).not.toContain('nestjs-prisma');
});
