import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { hostileReport } from '../../test/report/hostile-report.js';
import { anEntrance } from '../../test/report/sample-report.js';
import { suggestionFor } from './suggestion.js';

type Given = Record<
  string,
  Record<string, { call(): Promise<unknown> } | ((rows: unknown, context: unknown) => unknown)>
>;

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
  return typeof example === 'function' ? example(rows, { canary: (name: string) => `canary-${name}` }) : example;
}

describe('what to write', () => {
  it('fills a path from the rows', () => {
    const id = 'GET /companies/:companyId/jobs/:id';
    expect(requestOf(id, suggestionFor(anEntrance(id)))).toEqual({ path: { companyId: 'c1', id: 'j1' } });
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
      body: { title: 'canary-title', jobId: 'j1', status: 'open', count: 2, 'odd-name': 'canary-odd-name' },
    });
  });

  it('offers a call where nothing can be sent, which proves nothing until it is written', async () => {
    const example = pasted(suggestionFor(anEntrance('cron Reports.nightly', { kind: 'cron' })))['examples']?.[
      'cron Reports.nightly'
    ];
    expect(await (example as { call(): Promise<unknown> }).call.apply(null, [rows, {}] as never)).toBeUndefined();
  });

  it('gives a GraphQL operation its variables', () => {
    const body = { type: 'object', required: ['jobId'], properties: { jobId: { type: 'string' } } };
    const route = {
      method: 'POST',
      path: '/graphql',
      parameters: [],
      body,
      document: 'query ($jobId: ID!) { job(id: $jobId) { id } }',
    };
    const code = suggestionFor(anEntrance('graphql Query.job', { kind: 'graphql', route }));
    expect(requestOf('graphql Query.job', code)).toEqual({ body: { jobId: 'j1' } });
  });

  it('stays code whatever the application calls itself', () => {
    for (const { entrance } of hostileReport().entrances) {
      const code = suggestionFor(entrance);
      expect(code).not.toMatch(/[^\P{C}\n]/u);
      const given = pasted(code);
      expect(Object.keys(given['examples'] ?? {})).toEqual([entrance.id]);
    }
  });
});
