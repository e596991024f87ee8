import { expect, it } from 'vitest';
import { readRows, underIdsOf } from './read-rows.js';

class Job {
  constructor(
    readonly id: string,
    public title: string,
  ) {}

  describe(): string {
    return `${this.id}: ${this.title}`;
  }
}

const circular: Record<string, unknown> = { amount: 10n };
circular['itself'] = circular;
const given = { job: Object.freeze(new Job('1', 'one')), notes: [{ id: '2', body: 'two', meta: circular }] };

it('tells what was read, and nothing else', () => {
  const read: unknown[] = [];
  const { job, notes } = readRows(given, (value) => read.push(value)) as unknown as typeof given;
  expect(read).toEqual([]);
  expect(job.id).toBe('1');
  expect(notes[0]?.body).toBe('two');
  expect(read).toEqual(['1', 'two']);
});

it('has rows that are used as any other: by their methods, spread, cloned, written to, printed', () => {
  const read: unknown[] = [];
  const { job, notes } = readRows(given, (value) => read.push(value)) as unknown as typeof given;
  expect(job).toBeInstanceOf(Job);
  expect(job.describe()).toBe('1: one');
  expect({ ...job }).toEqual({ id: '1', title: 'one' });
  expect(structuredClone(job)).toEqual({ id: '1', title: 'one' });
  expect(JSON.stringify(job)).toBe('{"id":"1","title":"one"}');
  Object.assign(job, { title: 'another' });
  expect(job.title).toBe('another');
  expect(notes[0]?.meta['itself']).toBe(circular);
});

it('puts the own rows under the ids of the other, in lists and alone', () => {
  const own = { job: { id: '1', officeId: '7', title: 'own' }, notes: [{ id: '2', body: 'own' }] };
  const theirs = { job: { id: '8', officeId: '9', title: 'theirs' }, notes: [{ id: '3', body: 'theirs' }] };
  expect(underIdsOf(theirs, own)).toEqual({
    job: { id: '8', officeId: '9', title: 'own' },
    notes: [{ id: '3', body: 'own' }],
  });
});
