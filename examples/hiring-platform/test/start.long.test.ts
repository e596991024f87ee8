import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { createDatabase, postgresFromEnvironment } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call } from './support/http.js';
import { acme, globex } from './support/platform.js';
import { type PrintedCurl, printedCurls } from './support/printed-curl.js';
import { DIRECTLY, isRunning, StartScript, THROUGH_PNPM, temporaryFolder } from './support/start-script.js';

// Not every machine has IPv6.
const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const OCCUPIED = ['127.0.0.1', '0.0.0.0', ...(hasIPv6 ? ['::1', '::'] : [])];

const waiting = { timeout: 300_000, interval: 20 };

describe('the start script', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let running: StartScript[];
  beforeEach(async () => {
    folder = await temporaryFolder();
    running = [];
  });
  afterEach(async () => {
    for (const script of running) {
      if (script.child.exitCode === null && script.child.signalCode === null) script.signalGroup('SIGKILL');
    }
    await folder.delete();
  });

  async function run(environment: NodeJS.ProcessEnv, command: readonly [string, ...string[]] = DIRECTLY) {
    const script = await StartScript.run(folder.path, environment, command);
    running.push(script);
    return script;
  }
  const start = async (...args: Parameters<typeof run>) => (await run(...args)).ready();
  const nothingLeft = async (script: StartScript) =>
    expect(await script.traces()).toEqual({ directories: [], postmasters: [] });

  it('prints curl lines that do what it says they do', async () => {
    const script = await start({ PORT: '0' });
    const curls = printedCurls(script.output);
    const answers = await Promise.all(curls.map(async (curl) => ({ ...curl, ...(await curl.run()) })));
    const at = (host: string, path: string) => answers.filter((answer) => answer.host === host && answer.path === path);

    for (const [company, other] of [[acme, globex] as const, [globex, acme] as const]) {
      const [jobs] = at(`${company.slug}.localhost`, '/jobs');
      expect(jobs).toMatchObject({ status: 200, token: undefined });
      expect(jobs?.text).toContain(company.jobs[0].title);
      expect(jobs?.text).not.toContain(other.jobs[0].title);
      const [candidates] = at(`${company.slug}.localhost`, '/candidates');
      expect(candidates?.status).toBe(200);
      expect(candidates?.text).toContain(company.candidates[0].name);
      expect(candidates?.text).not.toContain(other.candidates[0].name);
    }
    expect(at('acme.localhost', '/invoices')).toMatchObject([{ status: 200, body: [{ month: '2026-09' }, {}] }]);
    const [auditLog] = at('acme.localhost', '/audit-log');
    expect(auditLog).toMatchObject({ status: 200, body: { total: 1, entries: [{ by: acme.recruiters[0].email }] } });
    const [ownToken, foreignToken] = at('acme.localhost', '/candidates');
    expect(foreignToken).toMatchObject({ status: 401, body: { message: 'tenant_mismatch' } });
    expect(foreignToken?.token).toBe(at('globex.localhost', '/candidates')[0]?.token);
    expect(foreignToken?.token).not.toBe(ownToken?.token);
    expect(at('localhost', '/jobs')).toMatchObject([{ status: 401, body: { message: 'tenant_required' } }]);
    expect(at('acme.localhost', '/auth/sign-in')).toMatchObject([{ status: 200, body: { token: expect.any(String) } }]);
    expect(at('localhost', '/sign-up')).toMatchObject([
      { status: 201, body: { address: `http://initech.localhost:${script.port}` } },
    ]);
    expect(answers).toHaveLength(10);
    const pages = [...script.output.matchAll(/^ {2}.* http:\/\/([^:/]+):\d+(\S*)$/gm)].map(
      ([, host = '', path = '']) => ({ host, path }),
    );
    expect(pages).toHaveLength(5);
    for (const { host, path } of pages) {
      const page = await call(script.port, host, path || '/', { headers: { Accept: 'text/html' } });
      // Led on to the careers, or to the sign-in.
      expect([host, path, page.status]).toEqual([host, path, host === 'localhost' ? 200 : 303]);
    }
    for (const { slug, recruiters } of [acme, globex]) {
      const [, { email, password }] = recruiters;
      expect(script.output).toContain(`${email}, ${password}`);
      const signedIn = await call(script.port, `${slug}.localhost`, '/sign-in', { form: { email, password } });
      expect([signedIn.status, signedIn.headers.location]).toEqual([303, '/desk']);
    }
    script.signalGroup('SIGINT');
    await script.exited();
  });

  it('answers on IPv6 loopback as well, and on no other address', async () => {
    const script = await start({ PORT: '0' });
    const [curl] = printedCurls(script.output) as [PrintedCurl];
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    for (const { address, internal, scopeid } of addresses) {
      if (scopeid) continue;
      const answer = curl.run(address).then(
        ({ status }) => status,
        (error: { code: string }) => error.code,
      );
      expect([address, await answer]).toEqual([address, internal ? 200 : 'ECONNREFUSED']);
    }
    script.signalGroup('SIGINT');
    await script.exited();
  });

  it.each([
    ['Ctrl-C', DIRECTLY, 'SIGINT'],
    ['Ctrl-C through pnpm', THROUGH_PNPM, 'SIGINT'],
    ['SIGTERM', DIRECTLY, 'SIGTERM'],
    ['SIGTERM through pnpm', THROUGH_PNPM, 'SIGTERM'],
  ] as const)('leaves no process, port or directory behind on %s', async (_name, command, signal) => {
    const script = await start({ PORT: '0' }, command);
    const { postmasters, directories } = await script.traces();
    expect([postmasters.length, directories.length]).toEqual([1, 1]);
    script.signalGroup(signal);
    const { code } = await script.exited();
    // npx, which stands for a pnpm that is not installed, ends of the signal itself.
    if (command === DIRECTLY || (signal === 'SIGINT' && command[0] === 'pnpm')) expect(code).toBe(0);
    // pnpm may end on SIGTERM a moment before the program below it.
    if (command === DIRECTLY) await nothingLeft(script);
    else await vi.waitFor(() => nothingLeft(script), waiting);
    expect(postmasters.filter(isRunning)).toEqual([]);
    await vi.waitFor(() => isFree(script.port), waiting);
  });

  it('stops while a connection is kept open', async () => {
    const script = await start({ PORT: '0' });
    const response = await fetch(`http://127.0.0.1:${script.port}/health`);
    expect(response.status).toBe(200);
    script.signalGroup('SIGINT');
    expect(await script.exited()).toEqual({ code: 0, signal: null });
    await nothingLeft(script);
  });

  it('answers a request under way before it stops, and takes no other', async () => {
    const script = await start({ PORT: '0' });
    const { port } = script;
    const [{ email, password }] = acme.recruiters;
    const form = new URLSearchParams({ email, password }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': form.length };
    const outgoing = request({
      port,
      path: '/sign-in',
      method: 'POST',
      headers: { Host: 'acme.localhost', ...headers },
    });
    const answered = once(outgoing, 'response');
    outgoing.write(form.slice(0, 10));
    await setTimeout(300);
    script.signalGroup('SIGTERM');
    await vi.waitFor(() => expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow(), waiting);
    outgoing.end(form.slice(10));
    const [{ statusCode, headers: answer }] = (await answered) as [IncomingMessage];
    expect([statusCode, answer.connection]).toEqual([303, 'close']);
    expect(await script.exited()).toEqual({ code: 0, signal: null });
    await nothingLeft(script);
  });

  it('leaves nothing behind when it is interrupted while it starts', async () => {
    const script = await run({ PORT: '0' });
    await vi.waitFor(async () => expect((await script.traces()).directories).toHaveLength(1), waiting);
    script.signalGroup('SIGINT');
    await script.exited();
    await vi.waitFor(() => nothingLeft(script), waiting);
    expect(script.output).not.toContain('Error');
  });

  it('starts again on the same port after kill -9', async () => {
    const killed = await start({ PORT: '0' });
    const { postmasters } = await killed.traces();
    killed.signalGroup('SIGKILL');
    await killed.exited();
    const again = await start({ PORT: String(killed.port) });
    await vi.waitFor(() => expect(postmasters.filter(isRunning)).toEqual([]), waiting);
    expect((await again.traces()).directories).toHaveLength(1);
    expect((await (printedCurls(again.output)[0] as PrintedCurl).run()).status).toBe(200);
    again.signalGroup('SIGINT');
    await again.exited();
    await nothingLeft(again);
  });

  it.each(OCCUPIED)('says in one line that a port is taken, on %s, and starts no database', async (address) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, address, resolve));
    const { port } = other.address() as { port: number };
    const script = await run({ PORT: String(port) });
    expect(await script.exited()).toEqual({ code: 1, signal: null });
    expect(script.output).toMatch(new RegExp(`^Port ${port} is taken: .*PORT=${port + 1} npx --yes pnpm@12 start\\n$`));
    expect(await script.traces()).toEqual({ directories: [], postmasters: [] });
    await new Promise((resolve) => other.close(resolve));
  });

  it('lets only one of two starts at once have the port, and the other one says so', async () => {
    const probe = await start({ PORT: '0' });
    const { port } = probe;
    probe.signalGroup('SIGINT');
    await probe.exited();
    const scripts = await Promise.all([1, 2].map(() => run({ PORT: String(port) })));
    const [loser, winner] = await Promise.race(
      scripts.map((script, index) => script.exited().then(() => [script, scripts[1 - index] as StartScript] as const)),
    );
    expect(loser.child.exitCode).toBe(1);
    expect(loser.output).toMatch(/^Port \d+ is taken: .*\n$/);
    await winner.ready();
    expect((await (printedCurls(winner.output)[0] as PrintedCurl).run()).status).toBe(200);
    winner.signalGroup('SIGINT');
    await winner.exited();
    await nothingLeft(winner);
  });

  it('says what is wrong with a port that is none', async () => {
    const script = await run({ PORT: 'http' });
    expect(await script.exited()).toEqual({ code: 1, signal: null });
    expect(script.output).toBe('PORT is "http", which is not a port. Set it to a number from 0 to 65535.\n');
  });

  it('on DATABASE_URL keeps what is there, starts no database, and can start again', async () => {
    const server = await postgresFromEnvironment();
    const database = await createDatabase(server.url, { prefix: 'hiring_start' });
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      for (const run of [1, 2]) {
        const script = await start({ PORT: '0', DATABASE_URL: database.url });
        expect(await script.traces()).toEqual({ directories: [], postmasters: [] });
        if (run === 1) {
          await client.query(`update job set title = 'Edited by hand' where title = $1`, [acme.jobs[0].title]);
          await client.query(`delete from note where tenant_id = 't_globex'`);
          await client.query(`update user_account set password_hash = 'changed' where tenant_id = 't_globex'`);
        } else expect(script.output).toContain('Bearer SIGN_IN_FIRST');
        script.signalGroup('SIGINT');
        expect(await script.exited()).toEqual({ code: 0, signal: null });
        const { rows } = await client.query(
          `select (select count(*)::int from job) as jobs, (select count(*)::int from note) as notes,
           exists (select from job where title = 'Edited by hand') as edited`,
        );
        expect(rows).toEqual([{ jobs: 6, notes: 1, edited: true }]);
      }
    } finally {
      await client.end();
      await database.stop({ roles: [`${database.name}_app`] });
      await server.stop();
    }
  });
});

/** Rejects while something holds the port. */
function isFree(port: number): Promise<void> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject).listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}
