import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir } from 'node:fs/promises';
import { get } from 'node:http';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../packages/postgres/test/database/free-port.ts';
import { pnpmCommand, run } from '../pnpm.ts';

const repository = join(import.meta.dirname, '../..');

describe('N3: `pnpm start` in a fresh clone, without a terminal', () => {
  const clone = join(inject('outside'), 'clone');
  let started: ChildProcess | undefined;

  beforeAll(async () => {
    const list = await run(['git', 'ls-files', '--cached', '--others', '--exclude-standard', '-z'], repository);
    for (const file of list.split('\0').filter(Boolean)) {
      await mkdir(dirname(join(clone, file)), { recursive: true });
      // One that is deleted and not committed is in the list still.
      await cp(join(repository, file), join(clone, file)).catch(() => undefined);
    }
  });
  afterEach(async () => {
    if (!started || started.exitCode !== null || started.signalCode !== null) return;
    const ended = once(started, 'exit');
    process.kill(-(started.pid as number), 'SIGTERM');
    await ended;
  });

  /** Starts it, answers with all that it said until it runs, and asks it as a company. */
  async function start(): Promise<{ readonly said: string; readonly jobs: string }> {
    const port = await freePort();
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|NODE_|TEST$|DATABASE_URL$|REDIS_URL$|ISOLATION$|HOST$|npm_|pnpm_|CI$)/.test(name),
    );
    const env = { ...Object.fromEntries(inherited), PORT: String(port), npm_config_yes: 'true' };
    const [file, ...args] = pnpmCommand();
    const child = spawn(file, [...args, 'start'], {
      cwd: clone,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes('Ctrl-C stops it')) resolve();
        });
      }
      child.once('exit', (code) => reject(new Error(`It ended with ${code}:\n${said}`)));
    });
    return { said, jobs: await jobsOf('acme', port) };
  }

  async function stop(): Promise<void> {
    const child = started as ChildProcess;
    const ended = once(child, 'exit');
    process.kill(-(child.pid as number), 'SIGINT');
    await ended;
  }

  it('installs what the example runs on, builds it, says so, and answers; a second one does neither', async () => {
    const first = await start();
    expect(first.said).toMatch(
      /✓ Installing what the example runs on: \d+ of \d+ packages.* \(.+ s\)\n.*✓ Building @tenancy\/core.* s\)\n.*✓ Building the example.* s\)\nStarting/s,
    );
    expect(first.jobs).toContain('"tenantId":"t_acme"');
    const installed = await run(['ls', 'node_modules/.pnpm'], clone);
    // Among what was not: the test runner, the linter, and frameworks that only tests try.
    expect(installed).toMatch(/^@nestjs\+core@/m);
    expect(installed).not.toMatch(
      /^(vitest|@biomejs|@fastify\+static|@nestjs\+(axios|graphql|platform-fastify)|react|eslint|sql\.js|vitepress)@/m,
    );
    await stop();
    const second = await start();
    expect(second.said).not.toMatch(/Installing|Building/);
    expect(second.jobs).toContain('"tenantId":"t_acme"');
    await stop();
  });
});

function jobsOf(slug: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/jobs', headers: { host: `${slug}.localhost:${port}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.once('end', () => resolve(body));
    }).once('error', reject);
  });
}
