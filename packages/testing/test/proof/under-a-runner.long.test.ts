import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fromJson, type IsolationHarness, IsolationProof, proveIsolation } from '../../src/index.js';
import { describeIsolation } from '../../src/proof/describe-isolation.js';
import { examples, Jobs, start } from './application.js';
import { keptRunner } from './kept-runner.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenancy-runner-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const reportIn = (file: string) => fromJson(readFileSync(file, 'utf8'));
const never = () => new Promise<never>(() => {});

async function opened(more = {}): Promise<IsolationHarness> {
  const harness = await start(Jobs, more);
  onTestFinished(() => harness.close());
  return harness;
}

/** Counts the requests that the application gets. */
function counted(harness: IsolationHarness): () => number {
  let count = 0;
  harness.server.on('request', () => {
    count += 1;
  });
  return () => count;
}

describe('a proof in which something hangs', () => {
  const hanging = { ...examples, 'GET /jobs': { call: never } };

  it('ends by itself before the runner ends it, goes on with the next, and says what was not tried', async () => {
    const json = join(folder, 'isolation.json');
    const { kept, tests, run } = keptRunner();
    const app = await opened({ timeout: 2_000 });
    describeIsolation(kept, app, { examples: hanging, timeout: 20_000, report: { json } });
    await tests[0]?.[1]();
    const [name, test] = tests[1] ?? ['', async () => {}];
    expect(name).toBe('GET /jobs');
    const began = performance.now();
    await expect(test()).rejects.toThrow(
      /GET \/jobs is unproven\.\n {2}own: It could not be tried: the `call` did not end within/,
    );
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(
      reportIn(json)
        .entrances.map(({ verdict }) => verdict)
        .slice(0, 2),
    ).toEqual(['unproven', 'unproven']);
    await tests[2]?.[1]();
    const failed = await run();
    expect(failed['GET /jobs/count']).toBeUndefined();
    const [first, second] = reportIn(json).entrances;
    expect(first?.attacks.every(({ verdict }) => verdict === 'unproven')).toBe(true);
    expect(second?.attacks[0]?.verdict).toBe('proven');
  });

  it('calls nothing any more, once its time is over', async () => {
    const app = await opened();
    const requests = counted(app);
    let release = () => {};
    const call = async (_rows: unknown, { client }: { client: { get(path: string): Promise<{ body: unknown }> } }) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return (await client.get('/jobs')).body;
    };
    const proof = new IsolationProof(app, { examples: { 'GET /jobs': { call } }, budget: { entrance: 200 } });
    expect((await proof.prove(app.entrances[0] as never)).verdict).toBe('unproven');
    release();
    await sleep(300);
    expect(requests()).toBeLessThanOrEqual(1);
  });

  it('leaves the report of what it reached, where the runner ends it all the same', async () => {
    const [json, html] = [join(folder, 'isolation.json'), join(folder, 'isolation.html')];
    writeFileSync(json, 'of an earlier run');
    const { kept, tests, end } = keptRunner();
    describeIsolation(kept, await opened(), { examples, report: { json, html } });
    for (const [, test] of tests.slice(0, 2)) await test();
    await end();
    const report = reportIn(json);
    expect(report).toMatchObject({
      verdict: 'unproven',
      counts: { proven: 1, unproven: report.entrances.length - 1 },
    });
    expect(report.entrances[1]?.why).toBe('It was not tried in this run.');
    expect(readFileSync(html, 'utf8')).toContain('It was not tried in this run.');
  });

  it('leaves it where one test proves all, and stops', async () => {
    const json = join(folder, 'isolation.json');
    const app = await opened();
    const requests = counted(app);
    const { kept, tests, end } = keptRunner();
    describeIsolation(kept, async () => app, { examples, report: { json } });
    const running = tests[0]?.[1]().catch(() => {});
    while (!existsSync(json)) await sleep(20);
    await end();
    expect(reportIn(json).counts.unproven).toBeGreaterThan(3);
    await running;
    const before = requests();
    await sleep(200);
    expect(requests()).toBe(before);
  });

  it('closes an application that starts only after the runner has given up', async () => {
    let ready: (harness: IsolationHarness) => void = () => {};
    const { kept, tests, end } = keptRunner();
    describeIsolation(kept, () => new Promise((resolve) => (ready = resolve)), { examples });
    const running = tests[0]?.[1]();
    await sleep(10);
    await end();
    const app = await start(Jobs);
    ready(app);
    await running;
    expect(() => app.as(app.tenants[0] as never)).toThrow('closed');
  });
});

describe('while one test proves all', () => {
  it.each(['true', ''])('a line is written for each entrance where CI is %j', async (value) => {
    vi.stubEnv('CI', value);
    const wasTTY = process.stderr.isTTY;
    process.stderr.isTTY = false;
    const lines: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    onTestFinished(() => {
      write.mockRestore();
      vi.unstubAllEnvs();
      process.stderr.isTTY = wasTTY;
    });
    const { kept, run } = keptRunner();
    describeIsolation(kept, () => start(Jobs), { examples });
    await run();
    const shown = lines.filter((line) => /^✓ \d\/7 (GET|POST|PATCH|DELETE) \S+ \(\d+\.\d s\)\n$/.test(line));
    expect(shown).toHaveLength(value === '' ? 0 : 7);
  });
});

describe('a misuse is an error, never green', () => {
  it.each<[string, object, RegExp]>([
    ['an option that there is none of', { exmept: {} }, /option: `exmept` means nothing. There are examples, exempt/],
    ['an empty `only`', { only: [] }, /only: it names no entrance/],
    ['an `only` that is no list', { only: 'GET /jobs' }, /only: it names no entrance/],
    ['an `only` that names nothing', { only: ['GET /jbos'] }, /`GET \/jbos` is no entrance/],
    ['no time', { budget: { entrance: 0 } }, /budget.entrance: 0 are no milliseconds/],
    ['a time that is no number', { budget: { all: Number.NaN } }, /budget.all: NaN are no milliseconds/],
    ['a time of a text', { budget: { all: '5s' } }, /budget.all: 5s are no milliseconds/],
    ['a budget that there is none of', { budget: { total: 5 } }, /budget: `total` means nothing/],
    [
      'an exempt attack that there is none of',
      { exempt: { 'GET /jobs': { existance: 'public' } } },
      /`existance` means/,
    ],
    ['an example that is none', { examples: { 'GET /jobs': null } }, /is neither an object nor a function/],
    ['a call that is none', { examples: { 'GET /jobs': { call: 'jobs' } } }, /`call` of `GET \/jobs` is no function/],
    [
      'a part of a request that there is none of',
      { examples: { 'GET /jobs': { params: {} } } },
      /`params` means nothing/,
    ],
    ['such a part of a function', { examples: { 'GET /jobs': () => ({ params: {} }) } }, /`params` means nothing/],
  ])('%s', async (_, options, message) => {
    await expect(proveIsolation(await opened(), options)).rejects.toThrow(message);
  });

  it.each<[string, object, RegExp]>([
    ['a report in a folder', { report: { json: tmpdir() } }, /report.json: .* is a folder/],
    ['a report without a name', { report: { html: '' } }, /report.html: it names no file/],
    ['a format that there is none of', { report: { pdf: 'a.pdf' } }, /report: `pdf` means nothing/],
    ['no time', { timeout: 0 }, /timeout: 0 are no milliseconds/],
    ['a time that is no number', { timeout: Number.NaN }, /timeout: NaN/],
    ['a budget that is no number', { budget: { entrance: Number.NaN } }, /budget.entrance: NaN/],
  ])('%s, before any test is defined', async (_, options, message) => {
    const { kept, tests } = keptRunner();
    const app = await opened();
    expect(() => describeIsolation(kept, app, options)).toThrow(message);
    expect(tests).toEqual([]);
  });

  it('a promise of a harness, nothing, and what is none', async () => {
    const { kept, run } = keptRunner();
    const describing = (source: unknown) => () => describeIsolation(kept, source as never);
    expect(describing(opened())).toThrow('Await it, or pass a function');
    expect(describing(undefined)).toThrow('this is no harness');
    expect(describing({})).toThrow('this is no harness');
    describeIsolation(kept, async () => ({}) as never);
    expect(Object.values(await run())).toEqual([expect.stringContaining('this is no harness')]);
  });

  it('two proofs of one harness at once', async () => {
    const app = await opened();
    const both = await Promise.allSettled([proveIsolation(app, { examples }), proveIsolation(app, { examples })]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((both[1] as PromiseRejectedResult).reason.message).toContain('Another proof is under way');
  });

  it('a harness that is closed', async () => {
    const app = await opened();
    await app.close();
    await expect(proveIsolation(app, { examples })).rejects.toThrow('it is closed');
    const exempt = Object.fromEntries(app.entrances.map(({ id }) => [id, 'not today']));
    await expect(proveIsolation(app, { exempt })).rejects.toThrow('it is closed');
  });

  it('an application that has no entrance', async () => {
    const app = await start(Jobs, {}, []);
    onTestFinished(() => app.close());
    expect(await proveIsolation(app)).toMatchObject({ verdict: 'unproven', counts: { proven: 0 } });
  });
});
