import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROGRAM = new URL('../../bin/tenancy-postgres.js', import.meta.url).pathname;

describe('tenancy-postgres', () => {
  let folder: string;
  let running: ChildProcess | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenancy-program-'));
  });
  afterEach(async () => {
    running?.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  function started() {
    const child = spawn(process.execPath, [PROGRAM], { cwd: folder });
    running = child;
    const printed = { text: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed.text += chunk));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, printed, ended };
  }
  const inFile = async (name: string) =>
    new RegExp(`^${name}=(.+)$`, 'm').exec(await readFile(join(folder, '.env'), 'utf8'))?.[1] ?? '';

  it('runs until Ctrl-C, with an owner, and a role that may do nothing yet, in .env', async () => {
    await writeFile(join(folder, '.env'), 'PORT=3001\n');
    const { child, printed, ended } = started();
    while (!printed.text.includes('export $(cat .env)') && child.exitCode === null) await setTimeout(50);
    expect(printed.text).toContain('PostgreSQL is running');
    expect(await readFile(join(folder, '.env'), 'utf8')).toMatch(
      /^PORT=3001\nADMIN_DATABASE_URL=.+\nDATABASE_URL=.+\n$/,
    );

    const owner = new pg.Client({ connectionString: await inFile('ADMIN_DATABASE_URL') });
    await owner.connect();
    await owner.query('create table job (id int)');
    const app = new pg.Client({ connectionString: await inFile('DATABASE_URL') });
    await app.connect();
    expect((await app.query('select current_user as name')).rows).toEqual([{ name: 'app' }]);
    await expect(app.query('select from job')).rejects.toThrow(/permission denied/);
    await app.end();
    await owner.end();

    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const gone = new pg.Client({ connectionString: await inFile('DATABASE_URL') });
    await expect(gone.connect()).rejects.toThrow(/ECONNREFUSED/);
  });

  it('lets nobody else read the passwords', async () => {
    const { child, printed, ended } = started();
    while (!printed.text.includes('export $(cat .env)') && child.exitCode === null) await setTimeout(50);
    expect((await stat(join(folder, '.env'))).mode & 0o077).toBe(0);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('does not take the place of a server that somebody else runs', async () => {
    const theirs = 'DATABASE_URL=postgres://app@db.example.com/app\n';
    await writeFile(join(folder, '.env'), theirs);
    const { printed, ended } = started();
    expect(await ended).toBe(1);
    expect(printed.text).toMatch(/^tenancy-postgres: \.env has the DATABASE_URL of a server/);
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(theirs);
  });
});
