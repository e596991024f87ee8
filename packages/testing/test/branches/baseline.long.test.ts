import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as testing from '../../src/index.js';
import { type Baseline, parseBaseline, writtenBaseline } from '../../src/proof/baseline/baseline.js';
import { FILE, lineOf, reportOn } from './planted-notes.js';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenancy-branches-'));
  file = join(folder, 'isolation.baseline.json');
  vi.stubEnv('CI', '');
  vi.stubEnv('ISOLATION_BASELINE', '');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const known = (): Baseline => parseBaseline(readFileSync(file, 'utf8'), file);
const write = (unproven: Baseline['unproven']) => writeFileSync(file, writtenBaseline({ unproven, leaks: [] }));
const prove = (more: testing.ProofOptions = {}) =>
  reportOn(testing, { unreached: 'unproven', baseline: file, ...more });

const service = `${FILE}: if (found.length > 1_000_000) {`;
const depth = `${FILE}: if (query.depth === String(40 + 2)) {`;
const archived = `${FILE}: if (query.archived === 'true') {`;
const all = [
  { entrance: 'GET /notes', branch: service },
  { entrance: 'GET /notes', branch: archived },
  { entrance: 'GET /notes', branch: depth },
  { entrance: 'GET /notes/:id', branch: service },
];

it('holds each branch that nothing reached by its entrance and its line, and accepts no other', async () => {
  const made = await prove({ baseline: { file, update: true } });
  expect(made).toMatchObject({ verdict: 'accepted', counts: { accepted: 2 }, baseline: { isWritten: true } });
  expect(known().unproven).toEqual(all);
  expect(await prove()).toMatchObject({ verdict: 'accepted', baseline: { obsolete: [], isWritten: false } });

  write(all.filter(({ branch }) => branch !== depth));
  const worse = await prove();
  expect(worse).toMatchObject({ verdict: 'unproven', counts: { accepted: 1, unproven: 1 } });
  expect(worse.entrances[0]).toMatchObject({
    verdict: 'unproven',
    why: expect.stringMatching(
      new RegExp(`^No request reached ${FILE}:${lineOf('if (query.depth')}, .* Give an example that does, or say why`),
    ),
  });
  expect(known().unproven).toHaveLength(3);
});

it('lets an entry go once its branch is reached, or is none any more', async () => {
  write([...all, { entrance: 'GET /notes', branch: `${FILE}: if (query.gone) {` }]);
  // The branch that nothing had reached tells everything: a baseline hides no leak.
  const covering = { 'GET /notes': [{}, { query: { depth: '42' } }] };
  const report = await prove({ examples: covering });
  expect(report).toMatchObject({ verdict: 'leaks', baseline: { isWritten: true } });
  expect(report.baseline?.obsolete).toEqual([`GET /notes (${depth})`, `GET /notes (${FILE}: if (query.gone) {)`]);
  expect(known().unproven.map(({ branch }) => branch)).toEqual([service, archived, service]);
});

it('becomes one by branches, where an entrance was accepted with all of them', async () => {
  write([{ entrance: 'GET /notes' }, { entrance: 'GET /notes/:id' }]);
  expect(await prove()).toMatchObject({
    verdict: 'accepted',
    baseline: { obsolete: ['GET /notes', 'GET /notes/:id'] },
  });
  expect(known().unproven).toHaveLength(all.length);
  // Nobody judges branches here, so nobody knows that they are reached.
  expect(await prove({ unreached: 'shown' })).toMatchObject({ verdict: 'isolated', baseline: { obsolete: [] } });
  const exempt = { 'GET /notes/:id': { unreached: 'nobody has a million notes' } };
  expect(await prove({ exempt })).toMatchObject({ baseline: { obsolete: [`GET /notes/:id (${service})`] } });
});
