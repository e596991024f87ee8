import { expect, it } from 'vitest';
import type { Route } from '../discovery/entrance.js';
import { conditionOf } from './condition.js';
import { reachingInput } from './reaching-input.js';

const route: Route = {
  method: 'GET',
  path: '/jobs/:id',
  parameters: [
    { in: 'path', name: 'id', isRequired: true, schema: null },
    { in: 'query', name: 'archived', isRequired: false, schema: null },
    { in: 'header', name: 'X-Debug', isRequired: false, schema: null },
  ],
  body: { type: 'object', properties: { notify: { type: 'boolean' } } },
};

/** The block begins at `«`. */
const inputOf = (marked: string) => {
  const block = marked.indexOf('«');
  const condition = conditionOf(marked.replace('«', ''), 0, block);
  return condition && reachingInput(condition, route);
};

it.each([
  ["f(query) { if (query.archived === 'true') «{ return 1 } }", '?archived=true'],
  ["f(query) { if ('true' === query.archived) «{ return 1 } }", '?archived=true'],
  ['f(req) { if (req.query["archived"] == "1") «return 1; }', '?archived=1'],
  ['f(filter) { if (filter.archived) «{ return 1 } }', '?archived=true'],
  ["f(archived) { return archived === 'yes' « ? 1 : 2 }", '?archived=yes'],
  ["f(query) { return query.kind === 'a b' «&& list }", '?kind=a%20b'],
  ["f(query) { if (query.kind !== 'x') { return 1 }« return 2 }", '?kind=x'],
  ["f(query) { if (query.kind !== 'x') { return 1 }« else { return 2 } }", '?kind=x'],
  ['f(query) { if (!query.deep) return 1;« return 2 }', '?deep=true'],
  ["f(query) { switch (query.format) { case 'json': return 1; «case 'csv': return 2; } }", '?format=csv'],
  ["f(req) { if (req.headers['x-debug'] === '1') «{ } }", 'X-Debug: 1'],
  ["f(req) { if (req.header('x-trace')) «{ } }", 'x-trace: true'],
  ["f(req) { if (req.cookies.beta === 'on') «{ } }", 'Cookie: beta=on'],
  ['f(dto) { if (dto.notify) «{ } }', '{ "notify": true } in the body'],
  ['f(body) { if (body.amount === 0) «{ } }', '{ "amount": 0 } in the body'],
])('reads the input from %s', (marked, input) => {
  expect(inputOf(marked)).toBe(input);
});

it.each([
  "f(query) { if (query.kind === 'x') { return 1 }« return 2 }",
  'f(query) { if (query.deep) { return 1 } «else { return 2 } }',
  "f(query) { if (query.a === '1' && query.b === '2') «{ } }",
  'f() { if (this.rows.length > 3) «{ } }',
  'f() { if (this.constructor) «{ } }',
  'f(id) { if (id) «{ } }',
  'f(query) { try { return 1 } «catch (error) { return 2 } }',
  "f(query) { if (query.archived === 'true') { return 1 } work(); «return 2 }",
])('reads none from %s', (marked) => {
  expect(inputOf(marked)).toBeNull();
});

it('is not led astray by brackets in strings', () => {
  expect(inputOf("f(query) { if (query.kind !== ')') { log('}') }« else { } }")).toBe('?kind=)');
});
