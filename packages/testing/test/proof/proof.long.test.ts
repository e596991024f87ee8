import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  fromJson,
  type IsolationHarness,
  type IsolationHarnessOptions,
  IsolationProof,
  type IsolationReport,
  proveIsolation,
} from '../../src/index.js';
import { describeIsolation } from '../../src/proof/describe-isolation.js';
import { acme, examples, Jobs, Leaky, SlyController, start, table } from './application.js';
import { keptRunner } from './kept-runner.js';

let harness: IsolationHarness | undefined;
const open = async (...how: Parameters<typeof start>) => (harness = await start(...how));
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
const verdicts = ({ entrances }: IsolationReport) =>
  Object.fromEntries(entrances.map(({ entrance, verdict }) => [entrance.id, verdict]));
const attacksOf = ({ entrances }: IsolationReport, id: string) =>
  entrances.find(({ entrance }) => entrance.id === id)?.attacks ?? [];

describe.each([
  ['Express', {}],
  ['Fastify', { adapter: new FastifyAdapter() }],
])('proveIsolation on %s', (name, more) => {
  // An adapter serves one application.
  const adapted = () => (name === 'Fastify' ? { ...more, adapter: new FastifyAdapter() } : more);

  it('proves every entrance of an application that holds', async () => {
    const report = await proveIsolation(await open(Jobs, adapted()), { examples });
    expect(report.verdict).toBe('isolated');
    expect(verdicts(report)).toEqual({
      'GET /jobs': 'proven',
      'GET /jobs/count': 'proven',
      'GET /jobs/:id': 'proven',
      'POST /jobs': 'proven',
      'PATCH /jobs/:id': 'proven',
      'DELETE /jobs/:id': 'proven',
      'GET /health': 'proven',
    });
    expect(fromJson(JSON.stringify({ schemaVersion: 1, ...report }))).toMatchObject({ verdict: 'isolated' });
  });

  it('finds every entrance of one that does not, and shows what was seen or changed', async () => {
    const report = await proveIsolation(await open(Leaky, adapted()), { examples });
    expect(report.verdict).toBe('leaks');
    expect(verdicts(report)).toMatchObject({
      'GET /jobs': 'leaks',
      'GET /jobs/count': 'leaks',
      'GET /jobs/:id': 'leaks',
      'PATCH /jobs/:id': 'leaks',
      'DELETE /jobs/:id': 'leaks',
      'GET /health': 'proven',
    });
    const [seen] = attacksOf(report, 'GET /jobs').filter(({ verdict }) => verdict === 'leaks');
    expect(seen?.evidence?.sightings[0]?.path).toMatch(/^\$\[\d+\]\./);
    expect(seen?.evidence?.curl).toContain('acme.localhost');
    expect(attacksOf(report, 'GET /jobs/count').find(({ verdict }) => verdict === 'leaks')?.attack).toBe(
      'interference',
    );
    const changed = attacksOf(report, 'DELETE /jobs/:id').find(({ attack }) => attack === 'foreign-id');
    expect(changed).toMatchObject({ verdict: 'leaks', evidence: { changes: [{ table: 'job', after: null }] } });
  });
});

describe('what only looks like reading', () => {
  it('is caught when it tells that a row is there, or writes to it', async () => {
    const report = await proveIsolation(await open(Jobs, {}, [SlyController]));
    const leaking = (id: string) =>
      attacksOf(report, id).flatMap(({ attack, verdict }) => (verdict === 'leaks' ? [attack] : []));
    expect(leaking('GET /jobs/:id/exists')).toEqual(['existence']);
    expect(leaking('GET /jobs/:id/hint')).toEqual(['existence']);
    expect(leaking('GET /jobs/:id/seen')).toEqual(['foreign-id']);
    // A clock is no interference, though it may have moved just then.
    expect(leaking('GET /token')).toEqual([]);
  });
});

describe('what is not proven', () => {
  it('is an entrance whose body cannot be guessed, with what to write', async () => {
    const report = await proveIsolation(await open(Jobs));
    expect(report.verdict).toBe('unproven');
    const create = report.entrances.find(({ entrance }) => entrance.id === 'POST /jobs');
    expect(create).toMatchObject({ verdict: 'unproven', attacks: [] });
    expect(create?.why).toContain("{ 'POST /jobs': (rows) => ({ body: { … } }) }");
  });

  it('is one that fails, with what the application logged of it', async () => {
    class Broken extends Jobs {
      override all(): never {
        throw new TypeError('the pool was closed');
      }
    }
    const report = await proveIsolation(await open(Broken), { only: ['GET /jobs'] });
    const [first] = attacksOf(report, 'GET /jobs');
    expect(first?.why).toContain('answered with 500, so nothing that is refused means anything. It logged: ');
    expect(first?.why).toContain('TypeError: the pool was closed.');
  });

  it("is one whose example does not work, or answers with nothing of the tenant's own", async () => {
    const wrong = { ...examples, 'GET /jobs/:id': { path: { id: 'nobody' } } };
    const report = await proveIsolation(await open(Jobs, { seed: seedNothingVisible }), { examples: wrong });
    expect(verdicts(report)).toMatchObject({ 'GET /jobs/:id': 'unproven', 'GET /jobs': 'unproven' });
    expect(attacksOf(report, 'GET /jobs/:id')[0]?.why).toContain('answered with 404');
    expect(attacksOf(report, 'GET /jobs/:id').every(({ verdict }) => verdict !== 'proven')).toBe(true);
    expect(attacksOf(report, 'GET /jobs')[0]?.why).toContain("held nothing of the tenant's own");
  });

  it('is proven, where the author says why it answers with nothing', async () => {
    const said = { ...examples, 'GET /jobs': { answersNothing: 'it is empty until somebody publishes' } };
    const report = await proveIsolation(await open(Jobs, { seed: seedNothingVisible }), { examples: said });
    expect(verdicts(report)['GET /jobs']).toBe('proven');
  });

  it('is exempt, whole or by an attack, with the reason', async () => {
    const exempt = {
      'POST /jobs': 'nobody may, outside of tests',
      'GET /jobs/count': { interference: 'the number of all jobs is public' },
    };
    const report = await proveIsolation(await open(Leaky), { examples, exempt });
    expect(verdicts(report)).toMatchObject({ 'POST /jobs': 'exempt', 'GET /jobs/count': 'proven' });
    expect(attacksOf(report, 'GET /jobs/count').find(({ attack }) => attack === 'interference')).toMatchObject({
      verdict: 'exempt',
      why: 'the number of all jobs is public',
    });
    expect(report.counts.exempt).toBe(1);
  });

  it('is exempt, not proven, where nobody knows whether it works for the tenant itself', async () => {
    const report = await proveIsolation(await open(Jobs), { examples, exempt: { 'GET /jobs': { own: 'not today' } } });
    expect(verdicts(report)).toMatchObject({ 'GET /jobs': 'exempt', 'GET /jobs/:id': 'proven' });
  });

  it('is an application of which everything is exempt', async () => {
    const app = await open(Jobs);
    const exempt = Object.fromEntries(app.entrances.map(({ id }) => [id, 'not today']));
    expect(await proveIsolation(app, { exempt })).toMatchObject({ verdict: 'unproven', counts: { proven: 0 } });
  });

  it("is what may write where nobody looks at the other's rows", async () => {
    const report = await proveIsolation(await open(Leaky, { rows: undefined } as never), { examples });
    expect(verdicts(report)).toMatchObject({ 'DELETE /jobs/:id': 'unproven', 'POST /jobs': 'unproven' });
    expect(report.entrances.find(({ entrance }) => entrance.id === 'DELETE /jobs/:id')?.why).toContain('Pass `rows`');
  });

  it('is whatever was not tried', async () => {
    const proof = new IsolationProof(await open(Jobs), { examples });
    await proof.prove(proof.entrances[0] as never);
    const report = await proof.report();
    expect(report.verdict).toBe('unproven');
    expect(report.counts).toMatchObject({ proven: 1, unproven: proof.entrances.length - 1 });
  });
});

/** Rows that no route shows. */
const seedNothingVisible: IsolationHarnessOptions['seed'] = (_tenant, { canary }) => ({
  hidden: { text: canary('text') },
});

describe('options that would prove nothing', () => {
  it.each([
    [{ examples: { 'GET /jbos': {} } }, /`GET \/jbos` is no entrance.*Did you mean/],
    [{ exempt: { 'GET /nothing': 'a reason' } }, /is no entrance/],
    [{ exempt: { 'GET /jobs': '' } }, /has no reason/],
    [{ exempt: { 'GET /jobs': {} } }, /has no reason/],
    [{ exempt: { 'GET /jobs': { own: ' ' } } }, /has no reason/],
  ])('%j is an error', async (options, message) => {
    const app = await open(Jobs);
    await expect(proveIsolation(app, options as never)).rejects.toThrow(message);
  });
});

describe('what the proof leaves', () => {
  it('is said, by table, with what was planted first', async () => {
    const { rowsLeft } = await proveIsolation(await open(Jobs), { examples });
    expect(rowsLeft).toEqual({ job: table.length });
    expect(table.length).toBeGreaterThan(2);
  });

  it('is nothing, where the author says how to clean', async () => {
    const clean = ({ id }: { id: string }) => {
      for (const job of table.filter(({ tenantId }) => tenantId === id)) table.splice(table.indexOf(job), 1);
    };
    const app = await open(Jobs, { clean });
    expect((await proveIsolation(app, { examples })).rowsLeft).toEqual({});
    expect(table).toEqual([]);
  });
});

describe('describeIsolation', () => {
  it('has a test for each entrance, and one for all; all pass where nothing leaks', async () => {
    const { kept, tests, run } = keptRunner();
    const app = await open(Jobs);
    describeIsolation(kept, app, { examples });
    expect(tests.map(([name]) => name)).toEqual([
      'is started again, with one tenant in it and with both',
      ...app.entrances.map(({ id }) => id),
      'leaves no entrance unproven',
    ]);
    expect(await run()).toEqual({});
    expect(() => app.as(acme)).toThrow('closed');
  });

  it('fails the entrance that leaks, with the command that shows it, and the one that nobody has proven', async () => {
    const { kept, run } = keptRunner();
    describeIsolation(kept, await open(Leaky), { examples: { 'PATCH /jobs/:id': examples['PATCH /jobs/:id'] } });
    const failed = await run();
    expect(failed['GET /jobs']).toMatch(
      /GET \/jobs leaks\.\n {2}own: By its own request, job\.id of globex was seen at \$\[1\]\.id when acme called\.\n {4}curl [\s\S]*\n {2}Fix it, from JobsController\.list \(\S+:\d+\) on\. The query behind it is not bound to the tenant: /,
    );
    expect(failed['POST /jobs']).toMatch(/is unproven[\s\S]*body: \{ … \}/);
    expect(failed['GET /health']).toBeUndefined();
    expect(failed['leaves no entrance unproven']).toContain('GET /jobs');
  });

  it('takes a function, for a runner that cannot wait; and writes the report', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tenancy-report-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { kept, tests, run } = keptRunner();
    const report = { html: join(folder, 'deep', 'isolation.html'), json: join(folder, 'isolation.json') };
    describeIsolation(kept, () => start(Leaky), { examples, report });
    expect(tests).toHaveLength(1);
    expect(Object.values(await run())[0]).toContain('GET /jobs/count');
    expect(await readFile(report.html, 'utf8')).toContain('GET /jobs/count');
    expect(fromJson(await readFile(report.json, 'utf8')).verdict).toBe('leaks');
  });

  it('fails where no entrance was found', async () => {
    const { kept, run } = keptRunner();
    const app = await open(Jobs, {}, []);
    expect(app.entrances).toEqual([]);
    describeIsolation(kept, app);
    expect(await run()).toEqual({ 'leaves no entrance unproven': expect.stringContaining('No entrance was found') });
  });
});
