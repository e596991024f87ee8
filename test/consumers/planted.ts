import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, ended } from '../pnpm.ts';

/** A test runner and an HTTP adapter, with which an application that leaks is proven. */
export interface Planted {
  readonly runner: keyof typeof COMMANDS;
  readonly adapter: 'express' | 'fastify';
}

const jest = (...args: readonly string[]) => ['../node_modules/jest/bin/jest.js', '--ci', '--json', ...args];
const COMMANDS = {
  vitest: ['../node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json'],
  'jest-esm': ['--experimental-vm-modules', ...jest()],
  'jest-commonjs': jest(),
  'jest-commonjs, all in one test': jest('--config', 'jest.together.config.js'),
};

const here = (...path: readonly string[]) => join(import.meta.dirname, 'planted', ...path);
const HANDLERS = 'src/jobs.controller.ts';
const QUERY = { leaking: "closed = 0', []", mended: "closed = 0 and tenant_id = ?', [this.context.tenantId]" };

/** The beginning of every signed token, and the secret that the application signs them with. */
const SECRETS = /eyJ[\w-]{10,}|a-secret-of-the-consumer/;

/** Runs the same proof before and after the leak is mended, in the folder `app`, where the packages are installed. */
export function describePlanted(app: string, scenarios: readonly Planted[]): void {
  describe.concurrent('with a leak that is planted', () => {
    it.for(scenarios)('under $runner, on $adapter', async (planted, { expect }) => {
      const folder = join(app, `planted-${planted.runner.replaceAll(/\W+/g, '-')}`);
      await setUp(folder, planted);

      const leaking = await proof(folder, planted);
      expect(leaking.code, leaking.stdout + leaking.stderr).toBe(1);
      expect(leaking.tests).toEqual(
        planted.runner === 'jest-commonjs, all in one test'
          ? { 'at every entrance, and leaves none unproven': 'failed' }
          : {
              'is started again, with one tenant in it and with both': 'passed',
              'GET /jobs': 'passed',
              'GET /jobs/open': 'failed',
              'leaves no entrance unproven': 'failed',
            },
      );
      await checkTerminal(leaking);
      await checkReports(folder);

      const service = join(folder, 'src/jobs.service.ts');
      const text = await readFile(service, 'utf8');
      expect(text).toContain(QUERY.leaking);
      await writeFile(service, text.replace(QUERY.leaking, QUERY.mended));
      const mended = await proof(folder, planted);
      expect(mended.code, mended.stdout + mended.stderr).toBe(0);
      expect(new Set(Object.values(mended.tests))).toEqual(new Set(['passed']));
      const { verdict, counts, entrances, coverage } = JSON.parse(await read(folder, 'isolation.json'));
      expect({ verdict, counts }).toMatchObject({ verdict: 'isolated', counts: { leaks: 0, unproven: 0, proven: 2 } });
      expect(coverage).toEqual({ state: 'on', why: null });
      expect(entrances.flatMap(({ unreached }: { unreached: unknown[] }) => unreached)).toEqual([]);
    });
  });
}

async function setUp(folder: string, { runner, adapter }: Planted): Promise<void> {
  const [files = ''] = runner.split(',');
  for (const part of ['src', 'test', 'tsconfig.json']) await cp(here(part), join(folder, part), { recursive: true });
  await cp(here(files), folder, { recursive: true });
  const name = adapter === 'express' ? 'ExpressAdapter' : 'FastifyAdapter';
  await writeFile(
    join(folder, 'test/adapter.ts'),
    `export { ${name} as Adapter } from '@nestjs/platform-${adapter}';\n`,
  );
}

/** The end of the runner, with the outcome of each test by its name. */
async function proof(folder: string, { runner }: Planted): Promise<Ended & { tests: Record<string, string> }> {
  await rm(join(folder, 'result.json'), { force: true });
  const end = await ended([process.execPath, ...COMMANDS[runner], '--outputFile=result.json'], folder);
  const { testResults } = JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'));
  const results: { title: string; status: string }[] = testResults.flatMap(
    ({ assertionResults }: { assertionResults: [] }) => assertionResults,
  );
  return { ...end, tests: Object.fromEntries(results.map(({ title, status }) => [title, status])) };
}

/** On the terminal: the entrance, what leaked to whom, how to see it again, what to do; and no secret. */
async function checkTerminal({ stdout, stderr }: Ended): Promise<void> {
  const text = (stdout + stderr).replaceAll(/\s+/g, ' ');
  expect(text).toContain('✗ GET /jobs/open');
  expect(text).toMatch(/job\.title of globex was seen at \$\[\d+\]\.title when acme called\./);
  expect(text).toContain(`curl -i "$URL"/jobs/open`);
  expect(text).toContain('Authorization: Bearer $TOKEN');
  const [, file, line] =
    /Fix it, from JobsController\.open \((\S+):(\d+)\) on\. The query behind it is not bound to the tenant: /.exec(
      text,
    ) ?? [];
  expect(file).toBe(HANDLERS);
  expect(await linesOfHandler()).toContain(Number(line));
  expect(text).not.toMatch(SECRETS);
}

async function checkReports(folder: string): Promise<void> {
  const lines = await linesOfHandler();
  const json = JSON.parse(await read(folder, 'isolation.json'));
  expect(json).toMatchObject({ verdict: 'leaks', counts: { leaks: 1, proven: 1 } });
  const leak = json.entrances.find(({ verdict }: { verdict: string }) => verdict === 'leaks');
  expect(leak).toMatchObject({ entrance: { id: 'GET /jobs/open' }, handlerAt: { file: HANDLERS } });
  const { line } = leak.handlerAt;
  expect(lines).toContain(line);

  const junit = await read(folder, 'isolation.xml');
  expect(junit).toMatch(/tests="2" failures="1" errors="0"/);
  expect(junit).toMatch(
    new RegExp(`<testcase name="GET /jobs/open" [^>]*file="${HANDLERS}" line="${line}">\\s*<failure type="leaks"`),
  );
  expect(junit).toMatch(/<testcase name="GET \/jobs" [^>]*\/>/);

  const { results } = JSON.parse(await read(folder, 'isolation.sarif')).runs[0];
  expect(results.length).toBeGreaterThan(0);
  for (const { level, message, locations } of results) {
    expect({ level, text: message.text }).toEqual({
      level: 'error',
      text: expect.stringMatching(/^GET \/jobs\/open: /),
    });
    expect(locations[0]).toMatchObject({
      logicalLocations: [{ fullyQualifiedName: 'JobsController.open' }],
      physicalLocation: { artifactLocation: { uri: HANDLERS }, region: { startLine: line } },
    });
  }

  const html = await read(folder, 'isolation.html');
  expect(html).toContain('1 of 2 entrances leaks');
  expect(html).toContain(`Fix it, from JobsController.open (${HANDLERS}:${line}) on. `);
}

/** A report; none of them holds a secret. */
async function read(folder: string, file: string): Promise<string> {
  const text = await readFile(join(folder, 'reports', file), 'utf8');
  expect(text).not.toMatch(SECRETS);
  return text;
}

/** Compilers map a method to its name or to its first decorator. */
async function linesOfHandler(): Promise<readonly number[]> {
  const lines = (await readFile(here(HANDLERS), 'utf8')).split('\n');
  return [lines.indexOf("  @Get('open')") + 1, lines.indexOf('  open() {') + 1];
}
