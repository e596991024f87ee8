import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { isolationTest } from '../../src/schematics/isolation-test.js';
import { type NestAddOptions, nestAdd } from '../../src/schematics/nest-add.js';
import type { Ask } from '../../src/schematics/questions.js';
import { ApplicationInMemory } from './application-in-memory.js';

const MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;
const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

NestFactory.create(AppModule);
`;
const ESLINT = `// @ts-check
import tseslint from 'typescript-eslint';

export default tseslint.config(
  tseslint.configs.recommended,
  {
    rules: {},
  },
);
`;
const manifest = (more: object = {}) => ({
  dependencies: { '@nestjs/core': '^11.0.1', '@tenancy/core': '^0.1.0' },
  devDependencies: { jest: '^30.0.0' },
  scripts: { 'test:e2e': 'jest' },
  ...more,
});
const files = {
  'package.json': manifest(),
  'src/main.ts': MAIN,
  'src/app.module.ts': MODULE,
  'eslint.config.mjs': ESLINT,
};
const application = (more: Record<string, string | object> = {}) => new ApplicationInMemory({ ...files, ...more });
const add = (app: ApplicationInMemory, options: NestAddOptions = { baseDomain: 'app.example.com' }, ask: Ask = null) =>
  nestAdd(options, { ask: () => ask, typescript: () => ts, compiler: () => null })(app, app);

describe('nest add', () => {
  it('registers the module, the sources and the lint rules, and says so', async () => {
    const app = application();
    await add(app, { baseDomain: 'app.example.com', tokens: true });
    expect(app.now['src/app.module.ts']).toBe(`import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { TenancyModule } from '@tenancy/core';
import { tenancyOptions } from './tenancy.options';

@Module({
  imports: [TenancyModule.forRootAsync({ useFactory: tenancyOptions })],
  controllers: [AppController],
})
export class AppModule {}
`);
    expect(app.now['src/tenancy.options.ts']).toContain(
      "fromSubdomain({ baseDomain: ['app.example.com', 'localhost'] })",
    );
    expect(app.now['src/tenancy.options.ts']).toContain('fromJwt({ secret: process.env.JWT_SECRET })');
    expect(app.now['eslint.config.mjs']).toContain('  },\n  tenancyConfig(),\n);');
    expect(JSON.parse(app.now['package.json'] ?? '').dependencies).toMatchObject({ '@nestjs/jwt': '^11.0.0' });
    expect(app.tasks).toEqual([{ name: 'node-package', options: { command: 'install' } }]);
    expect(app.said.slice(0, 5)).toEqual([
      '- src/app.module.ts: imports TenancyModule',
      '- src/tenancy.options.ts: the registry, with two tenants to begin with, and the sources',
      '- eslint.config.mjs: the lint rules of @tenancy/core/eslint',
      '- package.json: @nestjs/jwt ^11.0.0',
      'Next:',
    ]);
  });

  it('does nothing twice, and says so', async () => {
    const app = application();
    await add(app, { baseDomain: 'app.example.com', tokens: true });
    const once = app.now;
    app.said.length = 0;
    // Nobody is asked either.
    await add(app, {});
    expect(app.now).toEqual(once);
    expect(app.tasks).toHaveLength(1);
    expect(app.said).toEqual(['Nothing to change: src/app.module.ts registers TenancyModule already.']);
  });

  it('adds what is missing beside a module that was registered by hand', async () => {
    const byHand = MODULE.replace(
      'imports: []',
      'imports: [TenancyModule.forRoot({ sources: [fromJwt({ secret })] })]',
    );
    const app = application({ 'src/app.module.ts': byHand });
    await add(app, {});
    expect(app.now['src/app.module.ts']).toBe(byHand);
    expect(app.now['src/tenancy.options.ts']).toBeUndefined();
    expect(app.now['eslint.config.mjs']).toContain('tenancyConfig()');
    expect(app.now['package.json']).toContain('@nestjs/jwt');
  });

  it.each([
    [
      {},
      /nothing says where the tenant of a request comes from, and there is nobody to ask\. Nothing was changed\. Pass --base-domain/,
    ],
    [{ tokens: false }, /nothing says where the tenant of a request comes from\. /],
    [{ baseDomain: 'https://app.example.com' }, /"https:\/\/app\.example\.com" is no domain/],
    [{ baseDomain: 'a.b', orm: 'drizzle' }, /--orm drizzle is not known/],
    [{ baseDomain: 'a.b', module: 'src/other.ts' }, /there is no file src\/other\.ts/],
  ])('changes nothing and says what to pass with %j', async (options, message) => {
    const app = application();
    const before = app.now;
    await expect(add(app, options)).rejects.toThrow(message);
    expect(app.now).toEqual(before);
  });

  it.each([
    [['app.example.com', ''], ['fromSubdomain'], ['fromJwt']],
    [['', 'y'], ['fromJwt'], ['fromSubdomain']],
    [['app.example.com', 'yes'], ['fromJwt', 'fromSubdomain'], []],
  ])('asks a person, who answers %j', async (answers, there, absent) => {
    const app = application();
    const questions: string[] = [];
    await add(app, {}, async (question) => {
      questions.push(question);
      return answers[questions.length - 1] ?? '';
    });
    expect(questions).toHaveLength(2);
    for (const source of there) expect(app.now['src/tenancy.options.ts']).toContain(`${source}(`);
    for (const source of absent) expect(app.now['src/tenancy.options.ts']).not.toContain(source);
  });

  it('names the lines to add where it cannot tell where the imports are', async () => {
    const app = application({ 'src/app.module.ts': MODULE.replace('imports: []', '...base') });
    await expect(add(app)).rejects.toThrow(
      /cannot tell where the imports of AppModule in src\/app\.module\.ts are: `\.\.\.base` in @Module may have imports of its own\. Nothing was changed\.[\s\S]*import \{ tenancyOptions \} from '\.\/tenancy\.options';[\s\S]*TenancyModule\.forRootAsync\(\{ useFactory: tenancyOptions \}\)/,
    );
  });

  it('follows main.ts to a module of another name and place, and writes as that file does', async () => {
    const app = application({
      'package.json': manifest({ type: 'module' }),
      'apps/api/src/main.ts': 'import { Root } from "./root/root.module.js"\nNestFactory.create(Root)\n',
      'apps/api/src/root/root.module.ts':
        'import { Module } from "@nestjs/common"\nimport { A } from "../a.js"\n\n@Module({ imports: [A] })\nexport class Root {}\n',
    });
    await add(app, { baseDomain: 'a.b', sourceRoot: 'apps/api/src' });
    expect(app.now['apps/api/src/root/root.module.ts']).toBe(
      'import { Module } from "@nestjs/common"\nimport { A } from "../a.js"\nimport { TenancyModule } from "@tenancy/core"\nimport { tenancyOptions } from "./tenancy.options.js"\n\n@Module({ imports: [TenancyModule.forRootAsync({ useFactory: tenancyOptions }), A] })\nexport class Root {}\n',
    );
    expect(app.now['apps/api/src/root/tenancy.options.ts']).toContain('tenancyOptions');
  });

  it('asks for --orm where there are two, and nobody answers', async () => {
    const both = manifest({ dependencies: { '@nestjs/core': '^12.0.0', typeorm: '1', '@prisma/client': '7' } });
    await expect(add(application({ 'package.json': both }))).rejects.toThrow(/has Prisma and TypeORM\..*--orm prisma/);
  });

  it('is for a Nest application', async () => {
    await expect(add(application({ 'package.json': {} }))).rejects.toThrow(/package\.json has no @nestjs\/core/);
    await expect(add(new ApplicationInMemory({}))).rejects.toThrow(/there is no package\.json here/);
    await expect(add(application({ 'package.json': '{' }))).rejects.toThrow(/package\.json is no JSON/);
  });
});

describe('nest g isolation-test', () => {
  const prove = (app: ApplicationInMemory) => isolationTest({}, () => ts)(app, app);
  const added = async (more: Record<string, string | object> = {}, options?: NestAddOptions) => {
    const app = application(more);
    await add(app, options);
    return app;
  };

  it('writes a proof where the end-to-end tests are, once', async () => {
    const app = await added({ 'test/app.e2e-spec.ts': '' });
    prove(app);
    const test = app.now['test/isolation.e2e-spec.ts'];
    expect(test).toContain("from '@tenancy/testing/jest';\nimport { AppModule } from '../src/app.module';");
    expect(test).toContain('describeIsolation(harness, {');
    expect(test).not.toContain('signIn');
    expect(JSON.parse(app.now['package.json'] ?? '').devDependencies).toMatchObject({
      '@tenancy/testing': '^0.1.0',
      '@nestjs/testing': '^11.0.0',
    });
    const once = app.now;
    app.said.length = 0;
    prove(app);
    expect(app.now).toEqual(once);
    expect(app.said).toEqual(['Nothing to change: test/isolation.e2e-spec.ts is there already.']);
  });

  it('signs in with the secret that the application reads, and waits for the harness in a module of Vitest', async () => {
    const vitest = manifest({ type: 'module', devDependencies: { vitest: '^4.0.0' }, scripts: {} });
    const app = await added({ 'package.json': vitest }, { tokens: true });
    prove(app);
    const test = app.now['src/isolation.spec.ts'];
    expect(test).toContain("from '@tenancy/testing/vitest';\nimport { AppModule } from './app.module';");
    expect(test).toContain('describeIsolation(await harness(), {');
    expect(test).toContain('process.env.JWT_SECRET ??=');
    expect(test).toContain('signTestToken(tenant');
  });

  it('plants rows through a route of the application, and looks at them as the owner', async () => {
    const jobs = `@Controller('jobs')\nclass Jobs {\n  @Post() create(@Body('title') title: string) {}\n  @Get(':id') find() {}\n}\n`;
    const prisma = 'model Job {\n  id Int @id\n  tenantId String @map("company_id")\n}\n';
    const client = 'generator client {\n  provider = "prisma-client"\n  output = "../src/generated"\n}\n';
    const app = await added({
      'src/jobs.controller.ts': jobs,
      'src/pool.ts': "import '@tenancy/prisma/nest';",
      'prisma/schema.prisma': client + prisma,
    });
    app.said.length = 0;
    prove(app);
    const test = app.now['src/isolation.spec.ts'] ?? '';
    expect(test).toContain("client.post('/jobs', { title: canary('title') })");
    expect(test).toContain("import { rowsFromPostgres } from '@tenancy/testing/postgres';");
    expect(test).toContain("?? '', {\n      tenantColumn: 'company_id',\n    }),");
    expect(test).toContain("'POST /jobs': (_rows, { canary }) => ({");
    expect(test).toContain('createIsolationHarness(AppModule, {');
    expect(test).not.toMatch(/probe|Controller/i);
    const { diagnostics } = ts.transpileModule(test, { reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
    // Jest does not let CommonJS import, which that client does.
    expect(app.said.join('\n')).toContain('NODE_OPTIONS=--experimental-vm-modules npm run test');
    expect(app.said.join('\n')).toContain('Rows are planted by POST /jobs.');
  });

  it('starts the module that was named to nest add, where main.ts does not tell', async () => {
    const app = application({
      'src/main.ts': 'start();',
      'src/root.module.ts': MODULE.replace('AppModule', 'RootModule'),
    });
    app.files.delete('src/app.module.ts');
    await expect(add(app)).rejects.toThrow(/does not tell which module it starts/);
    await add(app, { baseDomain: 'a.b', module: 'root.module.ts' });
    prove(app);
    expect(app.now['src/isolation.spec.ts']).toContain("import { RootModule } from './root.module';");
  });

  it('needs the module, and a test runner', async () => {
    expect(() => prove(application())).toThrow(
      /nothing registers TenancyModule\. Nothing was changed\. Run first: nest add/,
    );
    const app = await added({ 'package.json': manifest({ devDependencies: {} }) });
    expect(() => prove(app)).toThrow(/neither Jest nor Vitest/);
  });
});
