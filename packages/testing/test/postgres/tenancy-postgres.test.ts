import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const execute = promisify(execFile);
const isThere = ({ text }: { text: string }) => text.includes("export $(grep -v '^#' .env | xargs)");
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

  function started(...options: string[]) {
    const child = spawn(process.execPath, [PROGRAM, ...options], { cwd: folder });
    running = child;
    const printed = { text: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed.text += chunk));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, printed, ended };
  }
  const inFile = async (name: string) =>
    new RegExp(`^${name}=(.+)$`, 'm').exec(await readFile(join(folder, '.env'), 'utf8'))?.[1] ?? '';

  it('runs until Ctrl-C, with an owner, and a role that may do nothing yet, in .env', async () => {
    await writeFile(join(folder, '.env'), '# mine\nNAME="quoted"\n');
    const { child, printed, ended } = started();
    while (!isThere(printed) && child.exitCode === null) await setTimeout(50);
    expect(printed.text).toContain('PostgreSQL is running');
    expect(await readFile(join(folder, '.env'), 'utf8')).toMatch(
      /^# mine\nNAME="quoted"\nADMIN_DATABASE_URL=.+\nDATABASE_URL=.+\n$/,
    );
    const [line = ''] = /^ {2}export .+$/m.exec(printed.text) ?? [];
    const { stdout } = await execute('sh', ['-ec', `${line}; printf '%s|%s' "$NAME" "$DATABASE_URL"`], { cwd: folder });
    expect(stdout).toBe(`quoted|${await inFile('DATABASE_URL')}`);

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

  it('takes the place of addresses whose server has ended, and lets nobody else read the passwords', async () => {
    await writeFile(join(folder, '.env'), 'DATABASE_URL=postgres://app:x@127.0.0.1:1/app\n', { mode: 0o600 });
    const { child, printed, ended } = started();
    while (!isThere(printed) && child.exitCode === null) await setTimeout(50);
    expect(await inFile('DATABASE_URL')).not.toContain(':1/');
    expect((await stat(join(folder, '.env'))).mode & 0o077).toBe(0);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('starts nothing for a question, or for an option, as there are none', async () => {
    const asked = started('--help');
    expect(await asked.ended).toBe(0);
    expect(asked.printed.text).toMatch(/^tenancy-postgres starts a PostgreSQL.+It takes no options/);
    const told = started('--port=5433');
    expect(await told.ended).toBe(1);
    expect(told.printed.text).toBe(
      'tenancy-postgres: --port=5433 is not known: there are no options. Nothing was started.\n',
    );
    await expect(stat(join(folder, '.env'))).rejects.toThrow(/ENOENT/);
  });

  it('leaves the addresses of a server that runs', async () => {
    const listening = createServer().listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const { port } = listening.address() as AddressInfo;
    const text = `DATABASE_URL=postgres://app:x@127.0.0.1:${port}/app\n`;
    await writeFile(join(folder, '.env'), text);
    const second = started();
    expect(await second.ended).toBe(1);
    expect(second.printed.text).toContain(`.env has the address of a server that is running, on port ${port}.`);
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(text);
    listening.close();
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
