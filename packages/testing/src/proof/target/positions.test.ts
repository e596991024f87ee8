import { describe, expect, it } from 'vitest';
import { differences, nameOf, nobodysValue, replaced } from './positions.js';

const own = {
  method: 'POST',
  path: '/jobs/1/notes',
  query: { page: 1 },
  body: { job: { id: 'a' }, tags: ['x', 'y'], text: 'same' },
};
const other = {
  method: 'POST',
  path: '/jobs/2/notes',
  query: { page: 1 },
  body: { job: { id: 'b' }, tags: ['x', 'z'], text: 'same' },
};

describe('where two requests differ', () => {
  it('is each leaf: parts of the path, nested fields, items of lists', () => {
    expect(differences(own, other).map(({ at }) => nameOf(at))).toEqual([
      'path segment 2',
      'body.job.id',
      'body.tags[1]',
    ]);
  });

  it('is nowhere between equal requests', () => {
    expect(differences(own, structuredClone(own))).toEqual([]);
  });

  it('can be replaced one by one', () => {
    const [path, job] = differences(own, other);
    expect(replaced(own, [[path?.at ?? [], '2']])).toEqual({ ...own, path: '/jobs/2/notes' });
    expect(replaced(own, [[job?.at ?? [], 'b']]).body).toEqual({ ...own.body, job: { id: 'b' } });
    expect(
      replaced(
        own,
        differences(own, other).map(({ at, other: value }) => [at, value] as const),
      ),
    ).toEqual(other);
  });
});

describe('a value that nobody has', () => {
  it.each([
    [
      'a uuid of the same version',
      '0199a000-0000-7000-8fff-ffffffffffff',
      /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/,
    ],
    ['a number beyond any sequence', 12, /^2\d{9}$/],
    ['a number as text', '12', /^2\d{9}$/],
    ['a text of the same form', 'job_a1', /^[a-z]{3}_[a-z]\d$/],
  ])('%s', (_, value, form) => {
    const nobodys = nobodysValue(value);
    expect(String(nobodys)).toMatch(form);
    expect(typeof nobodys).toBe(typeof value);
    expect(nobodys).not.toBe(value);
  });
});
