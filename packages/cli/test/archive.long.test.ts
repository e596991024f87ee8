import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, type Place } from './place.js';
import { tenantsPlace } from './tenants-place.js';

let place: Place;
let stop: () => Promise<void>;
beforeEach(async () => {
  ({ place, stop } = await tenantsPlace());
});
afterEach(() => stop());

const titles = async (table: string, tenant: string) =>
  (await place.client.query(`select title from ${table} where tenant_id = '${tenant}' order by id`)).rows.map(
    ({ title }) => title,
  );

describe('export and import', () => {
  it('bring a tenant into an archive, and out of it under another name', async () => {
    const exported = await place.run('export tenant-1 one.zip');
    expect(exported).toMatchObject({ code: 0, stderr: 'job: 3 rows\n' });
    expect(exported.stdout).toMatch(/^tenant-1 \(1\) is in one\.zip: 3 rows of 1 table\ndigest [0-9a-f]{64}\n$/);
    const again = await place.run('export tenant-1 one.zip');
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^archive_unwritable: /) });

    const planned = await place.run('import one.zip --slug copy --id 3 --kind schema --dry-run');
    expect(planned).toMatchObject({ code: 0, stderr: 'the archive is read\n' });
    expect(planned.stdout).toMatch(/^job +3$.*copy would be in the schema tenant_3 on the server main\n$/ms);
    expect(await place.tables()).not.toContain('tenant_3.job');
    expect(await place.run('import one.zip --slug copy --dry-run')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/tenant_exists: /),
    });

    const imported = await place.run('import one.zip --slug copy --id 3 --kind schema');
    expect(imported.stdout).toMatch(/copy \(3\) is active, in the schema tenant_3 on the server main\n$/);
    expect(await titles('tenant_3.job', '3')).toEqual(['job 1', 'job 2', 'job 3']);
    expect(await titles('job', '3')).toEqual([]);

    const back = objects((await place.run('export copy two.zip --json')).stdout);
    expect(back[0]).toEqual({ type: 'table', table: 'job', rows: 3 });
    const { digest } = back.at(-1) as { digest: string };
    const other = await place.run(`import two.zip --slug last --id 4 --digest ${'0'.repeat(64)}`);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/^archive_refused: .*another digest/m) });
    const last = objects((await place.run(`import two.zip --slug last --id 4 --digest ${digest} --json`)).stdout);
    expect(last.at(-1)).toMatchObject({
      type: 'imported',
      tenant: { id: '4', slug: 'last', name: 'tenant-1' },
      rows: 3,
    });
    expect(await titles('job', '4')).toEqual(['job 1', 'job 2', 'job 3']);
    expect(await titles('job', '2')).toHaveLength(3);
  });

  it('say what is wrong, and leave nothing', async () => {
    expect(await place.run('export tenant-9 nine.zip')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_unknown: /),
    });
    expect(await place.run('export tenant-1 no/such/folder.zip')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^archive_unwritable: /),
    });
    expect(await place.run('export tenant-1')).toMatchObject({ code: 2 });
    expect(await place.run('import one.zip --kind table')).toMatchObject({ code: 2 });
    expect(await place.run('import one.zip --digest x')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^floor_misconfigured: /),
    });
    expect(await place.run('import one.zip')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/archive_refused: .*ENOENT/),
    });
    await place.run('export tenant-1 one.zip');
    expect(await place.run('import one.zip')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/tenant_exists: /),
    });
    const path = join(place.folder, 'one.zip');
    await writeFile(path, (await readFile(path)).subarray(0, -1));
    expect(await place.run('import one.zip --slug x --id x')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/archive_refused: /),
    });
  });
});
