import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, type Place } from './place.js';
import { tenantsPlace } from './tenants-place.js';

let place: Place;
let stop: () => Promise<void>;
beforeEach(async () => {
  ({ place, stop } = await tenantsPlace());
});
afterEach(() => stop());

const rows = async (table: string) => (await place.client.query(`select from ${table} where tenant_id = '1'`)).rowCount;

describe('move', () => {
  it('brings a tenant to a schema and back, and removes what is at the old place when it is told', async () => {
    const planned = await place.run('move tenant-1 --to-kind schema --dry-run');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout).toMatch(/^job +3$.*tenant-1 \(1\) would be moved to main: schema tenant_1/ms);
    const moved = await place.run('move tenant-1 --to-kind schema');
    expect(moved).toMatchObject({ code: 0, stderr: expect.stringMatching(/copied.*compared/s) });
    expect(moved.stdout).toMatch(/tenant-1 \(1\) is on main: schema tenant_1\. Its writes were refused for \d+ ms/);
    expect([await rows('job'), await rows('tenant_1.job')]).toEqual([3, 3]);
    expect(await place.run('move tenant-1 --abandon')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_state_refused: /),
    });
    expect((await place.run('move tenant-1 --finish')).stdout).toBe('tenant-1 (1) is in its new place alone\n');
    expect([await rows('job'), await rows('tenant_1.job')]).toEqual([0, 3]);
    const back = objects((await place.run('move 1 --to-kind rows --longest-stop 5000 --json')).stdout);
    expect(back[0]).toEqual({ type: 'step', step: 'make' });
    expect(back.at(-1)).toMatchObject({ type: 'moved', tenant: '1', rows: 3, to: { kind: 'rows' } });
  });

  it('says what is missing, and where a tenant cannot be moved', async () => {
    expect(await place.run('move tenant-1')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^wrong_use: .*--to-kind/),
    });
    expect(await place.run('move tenant-1 --to-kind schema --finish')).toMatchObject({ code: 2 });
    expect(await place.run('move tenant-1 --to-kind rows')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_state_refused: /),
    });
    expect(await place.run('move tenant-1 --to-kind rows --to-server eu2')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^place_unknown: /),
    });
    expect(await place.run('move tenant-1 --finish')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_state_refused: /),
    });
  });
});
