import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { isolationTest } from '../../src/schematics/isolation-test.js';
import { ApplicationInMemory } from './application-in-memory.js';

const MODULE = `import { Module } from '@nestjs/common';

@Module({ imports: [TenancyModule.forRoot({ sources: [] })] })
export class AppModule {}
`;
const ROUTE = `@Controller('jobs')
export class Jobs {
  @Post() create(@Body('title') title: string) {}
  @Get(':id') find() {}
}
`;
const manifest = {
  dependencies: { '@nestjs/core': '^11.1.4', '@tenancy/core': '^0.1.0' },
  devDependencies: { jest: '^30.0.0' },
  scripts: {},
};
const proven = (more: Record<string, string | object>, sourceRoot = 'src') => {
  const app = new ApplicationInMemory({ 'package.json': manifest, [`${sourceRoot}/app.module.ts`]: MODULE, ...more });
  isolationTest({ sourceRoot }, () => ts)(app, app);
  const [path = ''] = Object.keys(app.now).filter((each) => each.includes('isolation.'));
  const text = app.now[path] ?? '';
  expect(ts.transpileModule(text, { reportDiagnostics: true }).diagnostics).toEqual([]);
  return { path, text, said: app.said.join('\n') };
};
const main = (started: string, more = '') =>
  `import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\n${more}\nNestFactory.create(${started});\n`;

describe('the proof starts what main.ts starts', () => {
  it.each([
    ['AppModule', 'AppModule', ''],
    ['AppModule.register()', 'AppModule.register()', ''],
    ["AppModule.forRoot({ mail: process.env.MAIL, of: ['a'] })", null, ''],
    ['AppModule.register(options())', null, "import { options } from './config/options';"],
    ['config.isSmall ? AppModule : Whole', null, "import config, { Whole } from '@acme/whole';"],
    ['started', 'AppModule.register()', 'const started = AppModule.register();'],
  ])('%s', (given, expected, more) => {
    const own = proven({ 'src/main.ts': main(given, more), 'src/jobs.controller.ts': ROUTE });
    expect(own.text).toContain(`createIsolationHarness(${expected ?? given}, {`);
    const probed = proven({ 'src/main.ts': main(given, more) });
    expect(probed.text).toContain(`@Module({ imports: [${expected ?? given}], controllers: [IsolationProbe] })`);
    for (const { text, said } of [own, probed]) {
      expect(text).toContain("import { AppModule } from './app.module';");
      for (const line of more.split('\n').filter((each) => each.includes('options'))) expect(text).toContain(line);
      expect(said).not.toContain('start the same');
    }
  });

  it('waits where main.ts waits, and imports as a file elsewhere does', () => {
    const { text } = proven({
      'src/main.ts': main(
        'await App.make(mail)',
        "import { Root as App } from './root';\nimport * as mail from './m';",
      ),
      'src/jobs.controller.ts': ROUTE,
      'package.json': { ...manifest, scripts: { 'test:e2e': 'jest' } },
      'test/app.e2e-spec.ts': '',
    });
    expect(text).toContain("import { Root as App } from '../src/root';\nimport * as mail from '../src/m';");
    expect(text).toContain('const harness = async () =>\n  createIsolationHarness(await App.make(mail), {');
  });

  it.each([
    [
      'AppModule.register(options)',
      'const options = read();',
      /starts `AppModule\.register\(options\)`, and options is/,
    ],
    ['AppModule.register(await read())', '', /starts `AppModule\.register\(await read\(\)\)`/],
    ['makeModule()', 'function makeModule() {}', /makeModule is nothing that it imports/],
  ])('or says in the file and at the end that it could not be told: %s', (given, more, why) => {
    const { text, said } = proven({ 'src/main.ts': main(given, more) });
    expect(text).toMatch(why);
    expect(text).toContain('passes, and proves nothing.');
    expect(said).toContain('Let src/isolation.spec.ts start the same');
    expect(said).toMatch(why);
  });

  it('says so too where main.ts leaves the start to another file', () => {
    expect(proven({ 'src/main.ts': "import { start } from './start';\nstart();\n" }).said).toContain(
      'main.ts has no call of NestFactory.create',
    );
  });

  it('fails where the probe is the only entrance', () => {
    expect(proven({ 'src/main.ts': main('AppModule') }).text).toContain(
      "started.entrances.some(({ id }) => !id.includes('isolation-probe'))",
    );
  });
});

describe('the proof is where the end-to-end tests run', () => {
  it.each([
    ['vitest run --config ./vitest.config.e2e.ts', 'vitest.config.e2e.ts'],
    ['jest --config ./test/jest-e2e.json', 'test/jest-e2e.json'],
  ])('also where none of them is left: %s', (script, config) => {
    const scripts = { 'test:e2e': script };
    const { path, said } = proven({ 'package.json': { ...manifest, scripts }, [config]: '' });
    expect(path).toBe('test/isolation.e2e-spec.ts');
    expect(said).toContain('npm run test:e2e.');
  });

  it('beside the sources, where the configuration is gone', () => {
    const scripts = { 'test:e2e': 'jest --config ./test/jest-e2e.json' };
    expect(proven({ 'package.json': { ...manifest, scripts } }).path).toBe('src/isolation.spec.ts');
  });

  it.each([
    ['jest', 'npx jest'],
    [
      'node --experimental-vm-modules ./node_modules/jest/bin/jest.js',
      'node --experimental-vm-modules ./node_modules/jest/bin/jest.js',
    ],
  ])('of its own application in a monorepo: %s', (jest, command) => {
    const scripts = { 'test:e2e': `${jest} --config ./apps/hub/test/jest-e2e.json` };
    const files = { 'package.json': { ...manifest, scripts }, 'apps/hub/test/jest-e2e.json': '' };
    const billing = { ...files, 'apps/billing/test/jest-e2e.json': '{}' };
    const { path, said } = proven(billing, 'apps/billing/src');
    expect(path).toBe('apps/billing/test/isolation.e2e-spec.ts');
    expect(said).toContain(`Run it: ${command} --config apps/billing/test/jest-e2e.json.`);
    expect(proven(files, 'apps/hub/src').said).toContain('npm run test:e2e.');
    expect(proven(files, 'apps/billing/src').path).toBe('apps/billing/src/isolation.spec.ts');
  });
});

it('reads no rows of another database than PostgreSQL', () => {
  const typeorm = { ...manifest, dependencies: { ...manifest.dependencies, typeorm: '^1.0.0' } };
  const files = { 'package.json': typeorm, 'src/jobs.controller.ts': ROUTE };
  const data = (type: string) => `import '@tenancy/typeorm/nest';\nTenantTypeOrmModule.forRoot({ type: '${type}' });\n`;
  expect(proven({ ...files, 'src/data.ts': data('mysql') }).text).not.toContain('rowsFromPostgres');
  expect(proven({ ...files, 'src/data.ts': data('postgres') }).text).toContain('rowsFromPostgres');
});

describe('a route that could not be taken', () => {
  it.each([
    ["import { IsString } from 'class-validator';", 'class-validator checks bodies: write what it takes'],
    ['import { IsString } from "class-validator";', 'class-validator checks bodies: write what it takes'],
    ['app.useGlobalPipes(new ValidationPipe());', 'a pipe checks all bodies'],
    ["RouterModule.register([{ path: 'api', module: JobsModule }])", 'RouterModule puts a path before'],
    ["app.setGlobalPrefix('api');", 'main.ts changes paths'],
    ['@UseGuards(SignedIn)', 'guards ask who calls'],
  ])('is named with its reason: %s', (text, why) => {
    const { said, text: test } = proven({ 'src/jobs.controller.ts': ROUTE, 'src/other.ts': text });
    expect(test).toContain('isolation-probe');
    expect(said).toContain(`No route was taken to plant rows: ${why}`);
  });

  it('is named also where there is none', () => {
    expect(proven({}).said).toContain("no controller has @Post() beside @Get(':id')");
  });
});

describe('the secret of tokens', () => {
  it.each([
    ['fromJwt({ secret: process.env.AUTH_JWT_SECRET })', 'AUTH_JWT_SECRET'],
    ["fromJwt({ issuer: 'us', secret: process.env['ACCESS_SECRET'] })", 'ACCESS_SECRET'],
    ['fromJwt({ secret: config.secret })', 'JWT_SECRET'],
  ])('is read from the variable that the application reads: %s', (source, variable) => {
    const { text } = proven({
      'src/main.ts': main('AppModule'),
      'src/tenancy.options.ts': `export const o = ${source};`,
    });
    expect(text).toContain(`process.env.${variable} ??= `);
    expect(text).toContain(`secret: process.env.${variable} ?? ''`);
  });
});
