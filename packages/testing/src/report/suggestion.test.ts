import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { hostileReport } from '../../test/report/hostile-report.js';
import { anEntrance } from '../../test/report/sample-report.js';
import { suggestionFor } from './suggestion.js';

type Given = Record<string, Record<string, string | ((rows: unknown) => unknown)>>;

/** Runs it, as an author would who pastes it. */
function pasted(code: string): Given {
  let given: Given = {};
  const describeIsolation = (_: unknown, options: Given) => {
    given = options;
  };
  runInNewContext(code, { describeIsolation, app: {} });
  return given;
}

const rows = { job: { id: 'j1' }, company: { id: 'c1' } };
function requestOf(id: string, code: string): unknown {
  const example = pasted(code)['examples']?.[id];
  return typeof example === 'function' ? example(rows) : example;
}

describe('what to write', () => {
  it('fills a path from the rows', () => {
    const id = 'GET /companies/:companyId/jobs/:id';
    expect(requestOf(id, suggestionFor(anEntrance(id)))).toEqual({ path: '/companies/c1/jobs/j1' });
  });

  it('names the fields of a body that are needed', () => {
    const body = {
      type: 'object',
      required: ['title', 'jobId', 'status', 'count', 'odd-name'],
      properties: {
        title: { type: 'string' },
        status: { enum: ['open', 'closed'] },
        count: { type: 'integer', minimum: 2 },
        note: {},
      },
    };
    const code = suggestionFor(anEntrance('POST /a', { route: { method: 'POST', path: '/a', parameters: [], body } }));
    expect(requestOf('POST /a', code)).toEqual({
      body: { title: 'TODO', jobId: 'j1', status: 'open', count: 2, 'odd-name': 'TODO' },
    });
  });

  it('offers a reason where nothing can be sent', () => {
    const code = suggestionFor(anEntrance('cron Reports.nightly', { kind: 'cron' }));
    expect(pasted(code)['exempt']?.['cron Reports.nightly']).toMatch(/^TODO/);
  });

  it('stays code whatever the application calls itself', () => {
    for (const { entrance } of hostileReport().entrances) {
      const code = suggestionFor(entrance);
      expect(code).not.toMatch(/[^\P{C}\n]/u);
      const given = pasted(code);
      expect(Object.keys(given['examples'] ?? given['exempt'] ?? {})).toEqual([entrance.id]);
    }
  });
});
