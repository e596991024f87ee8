import { expect, it } from 'vitest';
import { Notes } from './branches.js';
import { FILE, lineOf, reportOn } from './planted-notes.js';

it('V1: coverage that started too late says so, and of what, and is not taken for everything reached', async () => {
  // Compiled before anything of this library is there that could count its blocks.
  Notes.prototype.own.call({ context: { tenantId: 't_acme' } } as unknown as Notes, 'oldest');
  const testing = await import('../../src/index.js');

  const report = await reportOn(testing, { unreached: 'unproven' });

  expect(report.coverage).toEqual({
    state: 'too late',
    why: expect.stringMatching(`own \\(${FILE}:${lineOf('own(order')}\\).*setupFiles: \\['@tenancy/testing'\\]`),
  });
  expect(testing.renderTerminal(report)).toContain('Coverage began too late');
  expect(testing.renderHtml(report)).toContain('Coverage began too late');
  // Handlers that ran for the first time afterwards are counted all the same.
  const [list, find] = report.entrances;
  expect(list?.unreached.map(({ line }) => line)).toEqual([
    lineOf('if (query.depth'),
    lineOf("if (query.archived === 'true')"),
  ]);
  expect(list?.verdict).toBe('unproven');
  expect(find).toMatchObject({ verdict: 'unproven', why: expect.stringContaining('Coverage began too late') });
});
