import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** `pnpm storm`, for a moment: it cannot rot, and no storm of these may end otherwise. */
it('a tenant pool holds in storms: nothing wrong, nobody left waiting, nothing uncaught', async () => {
  const options = ['--seconds', '6', '--seed', '13', '--json', '--only', 'terminate', '--only', 'cut', 'session'];
  // Rejects where it ends with anything but 0.
  const { stdout } = await promisify(execFile)(process.execPath, ['test/storm.mjs', ...options], { cwd: root });
  const tallies = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const kinds = ['TenantPool', 'pg.Pool'];
  expect(tallies.map(({ storm, pool }) => [storm, pool])).toEqual(
    ['terminate', 'cut', 'session'].flatMap((storm) => kinds.map((pool) => [storm, pool])),
  );
  for (const { pool, right, wrong, hung, uncaught } of tallies) {
    expect(right).toBeGreaterThan(0);
    if (pool === 'TenantPool') expect({ wrong, hung, uncaught }).toEqual({ wrong: 0, hung: 0, uncaught: 0 });
  }
});

it('says which storms there are, when it is asked for another', async () => {
  const asked = promisify(execFile)(process.execPath, ['test/storm.mjs', '--only', 'hail'], { cwd: root });
  await expect(asked).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/terminate, cancel, restart/) });
});
