import { expect, it } from 'vitest';
import * as testing from '../../src/index.js';
import { FILE, lineOf, reportOn } from './planted-notes.js';

const found = (text: string, more: object = {}) => ({
  file: FILE,
  line: lineOf(text),
  text: expect.stringContaining(text),
  onlyThrows: false,
  ...more,
});
const at = ({ entrances }: testing.IsolationReport, id: string) =>
  entrances.find(({ entrance }) => entrance.id === id) as testing.EntranceResult;

it('V1: a branch that nobody reached is shown at its line, with its text and the input that reaches it', async () => {
  const report = await reportOn(testing);
  expect(report.coverage).toEqual({ state: 'on', why: null });
  const service = found('if (found.length > 1_000_000) {');
  expect(at(report, 'GET /notes').unreached).toEqual([
    service,
    found('if (query.depth === String(40 + 2)) {'),
    found("if (query.archived === 'true') {", { input: '?archived=true' }),
  ]);
  expect(at(report, 'GET /notes/:id').unreached).toEqual([
    service,
    found("if (note.text === 'secret')", { onlyThrows: true }),
  ]);
  expect(report.verdict).toBe('isolated');
  expect(testing.fromJson(testing.toJson(report))).toMatchObject({
    coverage: report.coverage,
    entrances: report.entrances.map(({ unreached }) => ({ unreached })),
  });
  const shown = testing.renderTerminal(report);
  expect(shown).toContain(`${FILE}:${lineOf("if (query.archived === 'true')")}`);
  expect(shown).toContain("if (query.archived === 'true') {  reached by ?archived=true");
  expect(shown).toContain('3 branches were reached by no request; 1 more only throws.');
  expect(testing.renderHtml(report)).toContain('<code>?archived=true</code>');
});

it('V1: unproven, where the options say so, unless there is a reason; a branch that only throws is not held against it', async () => {
  const report = await reportOn(testing, {
    unreached: 'unproven',
    exempt: { 'GET /notes/:id': { unreached: 'nobody has a million notes' } },
  });
  expect(report.verdict).toBe('unproven');
  expect(at(report, 'GET /notes')).toMatchObject({
    verdict: 'unproven',
    why: expect.stringContaining(`No request reached ${FILE}:${lineOf('if (found.length > 1_000_000)')}`),
  });
  expect(at(report, 'GET /notes/:id').verdict).toBe('proven');
});

it('refuses another judgement', async () => {
  await expect(reportOn(testing, { unreached: 'ignored' as 'shown' })).rejects.toThrow(
    /unreached: "ignored" is neither 'shown' nor 'unproven'/,
  );
});
