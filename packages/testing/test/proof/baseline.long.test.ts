import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, ForbiddenException, Get } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AttackName,
  createIsolationHarness,
  IsolationProof,
  proveIsolation,
  renderHtml,
  renderSarif,
  renderTerminal,
} from '../../src/index.js';
import { accepted, smaller, unprovenIn } from '../../src/proof/baseline/accept.js';
import { type Baseline, parseBaseline, writtenBaseline } from '../../src/proof/baseline/baseline.js';
import { anAttack, anEntrance, aReport, exempt, leaking, proven, unproven } from '../report/sample-report.js';
import { acme, examples, globex, Jobs, Leaky, start, tenancy } from './application.js';

@Controller('closed')
class ClosedJobs {
  @Get()
  list(): never {
    throw new ForbiddenException();
  }
}

const NONE: Baseline = { unproven: [], leaks: [] };
const find = anEntrance('GET /jobs/:id');
const leak = { entrance: find.id, attack: 'foreign-id' as const, reason: 'known as JOBS-12', until: '2027-01-31' };
const leaks = leaking(find, anAttack('foreign-id', 'leaks', 'Seen.'));
const open = (...attacks: AttackName[]) => ({
  ...proven(find, ['own', 'no-tenant']),
  verdict: 'unproven' as const,
  attacks: [anAttack('own', 'proven', 'There.'), ...attacks.map((attack) => anAttack(attack, 'unproven', 'Not seen.'))],
});

describe('a result beside a baseline', () => {
  it('accepts what was unproven, and nothing that is worse', () => {
    const whole = unproven(find, 'Unknown.');
    const byAttack = { ...NONE, unproven: [{ entrance: find.id, attack: 'existence' as const }] };
    const asAWhole = { ...NONE, unproven: [{ entrance: find.id }] };
    expect(accepted(whole, asAWhole, '2026-11-28')).toMatchObject({
      verdict: 'accepted',
      accepted: expect.stringContaining('unproven'),
    });
    expect(accepted(open('existence', 'inputs'), asAWhole, '2026-11-28').verdict).toBe('accepted');
    expect(accepted(open('existence'), byAttack, '2026-11-28').verdict).toBe('accepted');
    expect(accepted(open('existence', 'inputs'), byAttack, '2026-11-28').verdict).toBe('unproven');
    expect(accepted(whole, byAttack, '2026-11-28').verdict).toBe('unproven');
    expect(accepted(leaks, asAWhole, '2026-11-28').verdict).toBe('leaks');
    expect(accepted(proven(find), asAWhole, '2026-11-28').verdict).toBe('proven');
  });

  it('accepts branches that nothing reached one by one, beside attacks too', () => {
    const branch = (text: string) => ({ file: 'src/jobs.ts', line: 7, text, onlyThrows: false });
    const held = [branch('if (archived) {'), branch('return null;'), branch('return null;')];
    const names = ['src/jobs.ts: if (archived) {', 'src/jobs.ts: return null;', 'src/jobs.ts: return null; (2)'];
    const entries = names.map((name) => ({ entrance: find.id, branch: name }));
    const existence = { entrance: find.id, attack: 'existence' as const };
    const result = { ...open('existence'), unreached: held };
    expect(unprovenIn(result, held)).toEqual([existence, ...entries]);
    const judged = (unproven: Baseline['unproven']) => accepted(result, { ...NONE, unproven }, '2026-11-28', held);
    expect(judged([existence, ...entries])).toMatchObject({ verdict: 'accepted' });
    const worse = judged([existence, ...entries.slice(0, 2)]);
    expect(worse).toMatchObject({
      verdict: 'unproven',
      why: expect.stringContaining('No request reached src/jobs.ts:7'),
    });
    expect(judged(entries).verdict).toBe('unproven');
    // A leak that is accepted accepts no branch.
    const known = { unproven: entries.slice(0, 2), leaks: [leak] };
    expect(accepted({ ...leaks, unreached: held }, known, '2027-01-31', held).verdict).toBe('unproven');
    expect(renderSarif(aReport([worse]))).toContain('GET /jobs/:id: No request reached');
    expect(smaller({ ...NONE, unproven: entries }, [result], () => held.slice(0, 2)).unproven).toEqual(
      entries.slice(0, 2),
    );
    expect(smaller({ ...NONE, unproven: entries }, [result], () => null).unproven).toEqual(entries);
    expect(smaller({ ...NONE, unproven: entries }, [unproven(find, 'No database.')], () => []).unproven).toEqual(
      entries,
    );
  });

  it('accepts a leak by its attack, until its day, and says why', () => {
    const known = { ...NONE, leaks: [leak] };
    expect(accepted(leaks, known, '2027-01-31')).toMatchObject({ verdict: 'accepted' });
    expect(accepted(leaks, known, '2027-01-31').attacks[1]).toMatchObject({
      verdict: 'leaks',
      accepted: 'Until 2027-01-31: known as JOBS-12',
    });
    expect(accepted(leaks, known, '2027-02-01')).toMatchObject({ verdict: 'leaks' });
    expect(accepted(leaks, known, '2027-02-01').attacks[1]?.why).toContain('until 2027-01-31: known as JOBS-12');
    const another = leaking(find, anAttack('foreign-id', 'leaks', 'Seen.'), anAttack('existence', 'leaks', 'Told.'));
    expect(accepted(another, known, '2027-01-31').verdict).toBe('leaks');
  });
});

describe('a baseline becomes smaller', () => {
  const all = {
    unproven: [{ entrance: find.id, attack: 'existence' as const }, { entrance: 'GET /gone' }],
    leaks: [leak],
  };
  it('by what is proven, exempt or gone', () => {
    expect(smaller(all, [proven(find, ['own', 'existence', 'foreign-id'])])).toEqual(NONE);
    expect(smaller(all, [exempt(find, 'public')])).toEqual(NONE);
    expect(smaller({ ...NONE, unproven: [{ entrance: find.id }] }, [open('inputs')])).toEqual({
      ...NONE,
      unproven: [{ entrance: find.id, attack: 'inputs' }],
    });
  });

  it('not by what is worse, or was not reached', () => {
    const kept = { ...all, unproven: [all.unproven[0]] };
    expect(smaller(all, [unproven(find, 'No database.')])).toEqual(kept);
    const both = leaking(find, anAttack('foreign-id', 'leaks', 'Seen.'), anAttack('existence', 'leaks', 'Told.'));
    expect(smaller(all, [both])).toEqual(kept);
  });
});

describe('the text of a baseline', () => {
  it('is the same for the same entries, and read back', () => {
    const baseline = {
      unproven: [
        { entrance: 'b' },
        { entrance: 'a', branch: 'src/a.ts: if (b) {' },
        { entrance: 'a', attack: 'existence' as const },
        { entrance: 'a', attack: 'own' as const },
      ],
      leaks: [leak],
    };
    const text = writtenBaseline(baseline);
    expect(text).toBe(
      [
        '{\n  "version": 1,\n  "unproven": [',
        '    {"entrance":"a","attack":"own"},\n    {"entrance":"a","attack":"existence"},\n    {"entrance":"a","branch":"src/a.ts: if (b) {"},\n    {"entrance":"b"}\n  ],',
        '  "leaks": [\n    {"entrance":"GET /jobs/:id","attack":"foreign-id","reason":"known as JOBS-12","until":"2027-01-31"}\n  ]\n}\n',
      ].join('\n'),
    );
    expect(writtenBaseline(parseBaseline(text, 'b.json'))).toBe(text);
  });

  const with_ = (more: object) => JSON.stringify({ version: 1, ...NONE, ...more });
  it.each([
    ['', /is no JSON/],
    ['<<<<<<< HEAD\n{}', /is no JSON/],
    ['[]', /is no object/],
    ['null', /is no object/],
    ['{}', /is of version none/],
    ['{"version":2,"unproven":[],"leaks":[]}', /is of version 2/],
    ['{"version":1,"leaks":[]}', /has no list `unproven`/],
    ['{"version":1,"unproven":[]}', /has no list `leaks`/],
    [with_({ all: true }), /has `all`, which means nothing/],
    [with_({ unproven: ['GET /jobs'] }), /unproven\[0\] is no object/],
    [with_({ unproven: [{ entrance: '' }] }), /unproven\[0\] names no `entrance`/],
    [with_({ unproven: [{ entrance: 'a', attack: 'everything' }] }), /"everything" is no attack/],
    [with_({ unproven: [{ entrance: 'a', attak: 'own' }] }), /has `attak`/],
    [with_({ unproven: [{ entrance: 'a' }, { entrance: 'a' }] }), /names a twice/],
    [with_({ unproven: [{ entrance: 'a', branch: '' }] }), /`branch` is no text/],
    [with_({ unproven: [{ entrance: 'a', attack: 'own', branch: 'b' }] }), /has `attack` and `branch`/],
    [
      with_({
        unproven: [
          { entrance: 'a', branch: 'b' },
          { entrance: 'a', branch: 'b' },
        ],
      }),
      /names a \(b\) twice/,
    ],
    [with_({ leaks: [{ ...leak, attack: undefined }] }), /none is no attack/],
    [with_({ leaks: [{ ...leak, reason: ' ' }] }), /needs a `reason`/],
    [with_({ leaks: [{ ...leak, reason: undefined }] }), /needs a `reason`/],
    [with_({ leaks: [{ ...leak, until: undefined }] }), /needs the day `until`.*none/],
    [with_({ leaks: [{ ...leak, until: '2027-02-30' }] }), /has "2027-02-30"/],
    [with_({ leaks: [{ ...leak, until: '31.01.2027' }] }), /has "31.01.2027"/],
    [with_({ leaks: [{ ...leak, until: 'never' }] }), /has "never"/],
  ])('%j is an error', (text, message) => {
    expect(() => parseBaseline(text, 'isolation.baseline.json')).toThrow(message);
    expect(() => parseBaseline(text, 'isolation.baseline.json')).toThrow(/^baseline: isolation\.baseline\.json /);
  });
});

describe('a proof with a baseline', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenancy-baseline-'));
    file = join(folder, 'isolation.baseline.json');
    vi.stubEnv('CI', '');
    vi.stubEnv('ISOLATION_BASELINE', '');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  const prove = async (app: typeof Jobs, options: object) => {
    await using harness = await start(app);
    return await proveIsolation(harness, options);
  };
  const unprovenFile = { ...NONE, unproven: [{ entrance: 'PATCH /jobs/:id' }, { entrance: 'POST /jobs' }] };
  const content = () => readFileSync(file, 'utf8');

  it('is made when it is asked for, holds what is unproven, and becomes smaller by itself', async () => {
    const made = await prove(Jobs, { baseline: { file, update: true } });
    expect(made).toMatchObject({
      verdict: 'accepted',
      counts: { unproven: 0, accepted: 2 },
      baseline: { isWritten: true },
    });
    expect(content()).toBe(writtenBaseline(unprovenFile));
    expect(renderTerminal(made).replace(/\s+/g, ' ')).toContain('was written, and accepts 2 of 7 entrances as not');
    const again = await prove(Jobs, { baseline: file });
    expect(again).toMatchObject({ verdict: 'accepted', baseline: { obsolete: [], isWritten: false } });
    expect(renderTerminal(again)).toContain('No worse than the baseline: 2 accepted, 5 entrances proven');
    expect(renderHtml(again)).toContain('Accepted by the baseline.');

    const better = { examples: { 'POST /jobs': examples['POST /jobs'] }, baseline: file };
    vi.stubEnv('CI', 'true');
    const onCi = await prove(Jobs, better);
    expect(onCi).toMatchObject({ verdict: 'accepted', baseline: { obsolete: ['POST /jobs'], isWritten: false } });
    expect(renderTerminal(onCi)).toContain('POST /jobs');
    expect(content()).toBe(writtenBaseline(unprovenFile));
    vi.stubEnv('CI', '');
    expect((await prove(Jobs, better)).baseline).toEqual({ file, obsolete: ['POST /jobs'], isWritten: true });
    expect(content()).toBe(writtenBaseline({ ...NONE, unproven: [{ entrance: 'PATCH /jobs/:id' }] }));
    expect((await prove(Jobs, { baseline: file })).verdict).toBe('unproven');
  });

  it('accepts no leak that it does not name, and none for which its day is over', async () => {
    vi.stubEnv('ISOLATION_BASELINE', 'update');
    const report = await prove(Leaky, { examples, baseline: file });
    expect(report.verdict).toBe('leaks');
    expect(content()).not.toContain('"GET /jobs"');
    vi.stubEnv('ISOLATION_BASELINE', '');
    const named = (until: string) => ({
      unproven: [],
      leaks: report.entrances.flatMap(({ entrance, attacks }) =>
        attacks
          .filter(({ verdict }) => verdict === 'leaks')
          .map(({ attack }) => ({ entrance: entrance.id, attack, reason: 'until it is rewritten', until })),
      ),
    });
    writeFileSync(file, writtenBaseline(named('2999-12-31')));
    const known = await prove(Leaky, { examples, baseline: file });
    expect(known.counts.leaks).toBe(0);
    expect(known.entrances.find(({ entrance }) => entrance.id === 'GET /jobs')?.verdict).toBe('accepted');
    writeFileSync(file, writtenBaseline(named('2026-01-01')));
    expect((await prove(Leaky, { examples, baseline: file })).verdict).toBe('leaks');
    expect(content()).toContain('2026-01-01');
  });

  it('is not enough where nothing works for the tenant itself: such a proof could not fail', async () => {
    const module = { module: class Closed {}, imports: [tenancy()], controllers: [ClosedJobs] };
    const closed = async (options: object) => {
      await using harness = await createIsolationHarness(module, {
        tenants: { acme, globex },
        seed: (_tenant, { canary }) => Promise.resolve({ job: { title: canary('title') } }),
      });
      return await proveIsolation(harness, options);
    };
    const made = await closed({ baseline: { file, update: true } });
    expect(made).toMatchObject({ verdict: 'unproven', counts: { accepted: 1, unproven: 0, proven: 0 } });
    expect(content()).toContain('{"entrance":"GET /closed"}');
    const said = renderTerminal(await closed({ baseline: file })).replace(/\s+/g, ' ');
    expect(said).toContain('Nothing is proven: the baseline accepts 1 entrance, and none of them works for the tenant');
    expect(said).toMatch(/Unproven: what to write ~ GET \/closed .*403.* answered: .*Forbidden/);
  });

  it('leaves it alone where not everything was tried', async () => {
    writeFileSync(file, writtenBaseline({ ...NONE, unproven: [{ entrance: 'GET /gone' }] }));
    await prove(Jobs, { only: ['GET /health'], baseline: file });
    await using harness = await start(Jobs);
    const proof = new IsolationProof(harness, { baseline: file });
    await proof.prove(harness.entrances[0] as never);
    await proof.report();
    expect(proof.reportSoFar().baseline).toEqual({ file, obsolete: [], isWritten: false });
    expect(content()).toContain('GET /gone');
  });

  it('is an error where it is missing, a folder, or not to be written', async () => {
    await expect(prove(Jobs, { baseline: file })).rejects.toThrow(
      /does not exist\. Make it .* ISOLATION_BASELINE=update/,
    );
    await expect(prove(Jobs, { baseline: folder })).rejects.toThrow(/cannot be read/);
    await expect(prove(Jobs, { baseline: '' })).rejects.toThrow(/names no file/);
    vi.stubEnv('CI', '1');
    await expect(prove(Jobs, { baseline: { file, update: true } })).rejects.toThrow(/not updated where CI is set/);
    vi.stubEnv('ISOLATION_BASELINE', 'yes');
    await expect(prove(Jobs, { baseline: file })).rejects.toThrow(/may be "update"/);
  });

  it('is no reason to call a report isolated', () => {
    const report = aReport([proven(find), { ...leaks, verdict: 'accepted' }], { verdict: 'accepted' });
    expect(renderTerminal(report)).toContain('~ 1 accepted');
    expect(renderTerminal(report)).not.toContain('Isolated:');
  });
});
