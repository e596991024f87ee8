import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Lease, Lock } from '../../src/schedule/lock/clock-lock.js';
import { lockOf } from '../../src/schedule/lock/lock-of.js';
import { lockPlaces } from './locks.js';

const LEASE = 60_000;
const GAP = 3_000;
const SHORT = 3_000;

describe.each(lockPlaces)('B6: the lock in $name', ({ open, missing }) => {
  describe.skipIf(missing !== null)('', () => {
    let lock: Lock;
    let close: () => Promise<void>;
    beforeAll(async () => {
      const place = await open(inject('postgresUrl'));
      lock = lockOf('lock', place.lock, (token) => token);
      ({ close } = place);
    });
    afterAll(() => close());

    const mine = async (...args: Parameters<Lock['claim']>): Promise<Lease> => {
      const claim = await lock.claim(...args);
      if (claim.state !== 'mine') throw new Error(claim.state);
      return claim.lease;
    };

    it('gives a tick to one of many, and to nobody once it is done', async () => {
      const claims = await Promise.all(Array.from({ length: 20 }, () => lock.claim('one', 1_000, 1, LEASE)));
      expect(claims.map(({ state }) => state).toSorted()).toEqual([...Array(19).fill('held'), 'mine']);
      const lease = claims.flatMap((claim) => (claim.state === 'mine' ? [claim.lease] : []))[0] as Lease;
      await lock.end(lease);
      expect(await lock.claim('one', 1_000, 1, LEASE)).toEqual({ state: 'done' });
      expect(await lock.claim('one', 999, 1, LEASE)).toEqual({ state: 'done' });
      expect(await lock.claim('one', 1_001, 1, LEASE)).toMatchObject({ state: 'mine', lease: { tick: 1_001 } });
    });

    it('gives no later tick while one runs, and one job knows nothing of another', async () => {
      await mine('busy', 1_000, 1, LEASE);
      expect(await lock.claim('busy', 2_000, 1, LEASE)).toEqual({ state: 'held' });
      expect(await lock.claim('idle', 2_000, 1, LEASE)).toMatchObject({ state: 'mine' });
    });

    it('is taken over once the lease has ended, by one, who repeats no tenant that is done', async () => {
      const first = await mine('dead', 1_000, 1, SHORT);
      expect(await lock.begin(first, 't_acme', false)).toBe('begun');
      await lock.finish(first, 't_acme');
      expect(await lock.begin(first, 't_globex', false)).toBe('begun');
      expect(await lock.begin(first, 't_globex', false)).toBe('done');
      expect(await lock.takeOver('dead', LEASE)).toEqual({ state: 'held' });
      await sleep(SHORT + 10);
      const claims = await Promise.all(Array.from({ length: 10 }, () => lock.takeOver('dead', LEASE)));
      expect(claims.map(({ state }) => state).toSorted()).toEqual([...Array(9).fill('held'), 'mine']);
      const next = claims.flatMap((claim) => (claim.state === 'mine' ? [claim.lease] : []))[0] as Lease;
      expect(next.tick).toBe(1_000);
      expect(await lock.begin(next, 't_acme', false)).toBe('done');
      expect(await lock.begin(next, 't_globex', false)).toBe('begun');
      // Who was taken for dead is told.
      expect(await lock.begin(first, 't_initech', false)).toBe('lost');
      expect(await lock.renew(first, LEASE)).toBe(false);
      await lock.end(first);
      await lock.release(first);
      await lock.finish(first, 't_globex');
      expect(await lock.takeOver('dead', LEASE)).toEqual({ state: 'held' });
      await lock.end(next);
      expect(await lock.takeOver('dead', LEASE)).toEqual({ state: 'done' });
      expect(await lock.takeOver('nobody knows', LEASE)).toEqual({ state: 'done' });
    });

    it('B2: takes no tick that is far ahead of its own clock, which would make all others old', async () => {
      const hours = (count: number) => Date.now() + count * 3_600_000;
      await expect(lock.claim('ahead', hours(2), 1, LEASE)).rejects.toThrow(
        /tenancy_misconfigured: lock: this process is more than an hour ahead of the lock's own clock/,
      );
      expect(await lock.claim('ahead', hours(0.5), 1, LEASE)).toMatchObject({ state: 'mine' });
      await expect(lock.claim('ahead', hours(24 * 365 * 70), 1, LEASE)).rejects.toThrow('more than an hour ahead');
    });

    it('begins a tenant that is in hand already where the answer was lost', async () => {
      const lease = await mine('cut', 1_000, 1, LEASE);
      expect(await lock.begin(lease, 't_acme', false)).toBe('begun');
      expect(await lock.begin(lease, 't_acme', true)).toBe('begun');
      await lock.finish(lease, 't_acme');
      expect(await lock.begin(lease, 't_acme', true)).toBe('done');
    });

    it('lasts for as long as it is renewed', async () => {
      const lease = await mine('long', 1_000, 1, SHORT);
      for (let i = 0; i < 6; i += 1) {
        await sleep(SHORT / 4);
        expect(await lock.renew(lease, SHORT)).toBe(true);
        expect(await lock.takeOver('long', LEASE)).toEqual({ state: 'held' });
      }
    });

    it('is free at once when it is released', async () => {
      const lease = await mine('closing', 1_000, 1, LEASE);
      await lock.release(lease);
      expect(await lock.takeOver('closing', LEASE)).toMatchObject({ state: 'mine', lease: { tick: 1_000 } });
    });

    it('an interval runs once in its time, by the clock of the place', async () => {
      const first = await mine('interval', null, GAP, LEASE);
      expect(Math.abs(first.tick - Date.now())).toBeLessThan(5_000);
      await lock.end(first);
      expect(await lock.claim('interval', null, GAP, LEASE)).toEqual({ state: 'done' });
      await sleep(GAP + 10);
      expect(await lock.claim('interval', null, GAP, LEASE)).toMatchObject({ state: 'mine' });
    });

    it.each(["o'hara; drop table x", 'a:b}{c', '"', '\\', '%', 'ü'.repeat(127), ' ', 'done', '{clock:x}:tenants'])(
      'takes %j for a name, of a job and of a tenant',
      async (name) => {
        const lease = await mine(name, 5, 1, LEASE);
        expect(await lock.begin(lease, name, false)).toBe('begun');
        expect(await lock.begin(lease, `${name}2`, false)).toBe('begun');
        await lock.finish(lease, name);
        expect(await lock.begin(lease, name, false)).toBe('done');
        await lock.end(lease);
      },
    );

    it('sweeps without harm', async () => {
      const lease = await mine('kept', 5, 1, LEASE);
      await lock.begin(lease, 't_acme', false);
      await lock.sweep();
      expect(await lock.begin(lease, 't_acme', false)).toBe('done');
    });
  });
});
