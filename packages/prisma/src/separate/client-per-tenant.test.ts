import { expect, it } from 'vitest';
import { ClientPerTenant } from './client-per-tenant.js';

function clients(max: number) {
  const made: string[] = [];
  const closed: string[] = [];
  const pool = new ClientPerTenant(
    (key) => {
      if (key === 'broken' && !made.includes('fixed')) throw new Error('no such schema');
      made.push(key);
      return { key, $disconnect: async () => void closed.push(key) };
    },
    { max },
  );
  return { pool, made, closed };
}

it('makes one client for a key, and disconnects the one that was not used for longest', async () => {
  const { pool, made, closed } = clients(2);
  for (const key of ['a', 'b', 'a', 'c', 'a']) pool.lease(key).release();
  await pool.close();
  expect(made).toEqual(['a', 'b', 'c']);
  expect(closed).toEqual(['b', 'c', 'a']);
});

it('does not disconnect what is in use, nor makes a second one beside it', async () => {
  const { pool, made, closed } = clients(1);
  const [first, second] = [pool.lease('a'), pool.lease('b')];
  expect(pool.lease('a').client).toBe(first.client);
  expect([made, closed]).toEqual([['a', 'b'], []]);
  second.release();
  second.release();
  first.release();
  expect(closed).toEqual(['b']);
  pool.lease('c').release();
  expect(closed).toEqual(['b', 'c']);
});

it('waits for what is in use when it is closed, and lends nothing afterwards', async () => {
  const { pool, closed } = clients(2);
  const lease = pool.lease('a');
  const closing = pool.close();
  expect(() => pool.lease('b')).toThrow(expect.objectContaining({ code: 'scope_refused' }));
  let isClosed = false;
  void closing.then(() => {
    isClosed = true;
  });
  await new Promise(setImmediate);
  expect([isClosed, closed]).toEqual([false, []]);
  lease.release();
  await closing;
  expect(closed).toEqual(['a']);
});

it('passes on what the factory throws, and tries again', () => {
  const { pool, made } = clients(2);
  expect(() => pool.lease('broken')).toThrow('no such schema');
  made.push('fixed');
  expect(pool.lease('broken').client.key).toBe('broken');
  expect(() => new ClientPerTenant(() => ({ $disconnect: async () => {} }), { max: 0 })).toThrow('maxClients');
});
