import { TenantContext } from '@tenancy/core';
import { expect, it } from 'vitest';
import { SeenPayloads } from './seen-payloads.js';

const acme = { id: 't_acme', slug: 'acme' };
const context = new TenantContext();
const job = (data: unknown) => ({ exit: 'job', name: 'mails', payload: ['welcome', data, {}] });

it('a job that the first seed adds is nothing to learn from, and fails nobody', () => {
  const jobs = new SeenPayloads();
  const unplanted = {
    tenants: [acme],
    planted: () => {
      throw new Error('Nothing is planted for acme yet.');
    },
  };
  context.run(acme, () => jobs.saw(job({ id: 1 }), unplanted));
  expect(jobs.latest('job', 'mails')).toBeUndefined();
});

it('a job is made of other rows: by their values, and by the names of fields where the row was made meanwhile', () => {
  const jobs = new SeenPayloads();
  const harness = { tenants: [acme], planted: () => ({ note: { id: 'n1', text: 'own text' }, user: [{ id: 7 }] }) };
  context.run(acme, () =>
    jobs.saw(job({ noteId: 'made meanwhile', of: ['own text', { who: 7 }], kind: 'short' }), harness),
  );
  const made = jobs.latest('job', 'mails');
  expect(made?.name).toBe('welcome');
  expect(made?.dataFor({ note: { id: 'n2', text: 'other' }, user: [{ id: 8 }] })).toEqual({
    noteId: 'n2',
    of: ['other', { who: 8 }],
    kind: 'short',
  });
  // One that names fewer rows, and one of nobody, are not learnt from.
  context.run(acme, () => jobs.saw(job({ kind: 'none' }), harness));
  jobs.saw(job({ noteId: 'n1', of: ['own text', 7] }), harness);
  expect(jobs.latest('job', 'mails')).toBe(made);
});
