import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

const TENANTS = Array.from({ length: 12 }, (_, index) => `tenant_${String(index).padStart(2, '0')}`);
const SLOW = `do $$ begin
  perform pg_sleep(0.3);
  if current_schema() = 'tenant_03' then raise exception 'it is different'; end if;
end $$; create table job (id int)`;

let place: Place;
beforeEach(async () => {
  place = await Place.open();
  await place.file('migrations/0001_job.sql', SLOW);
  await place.schemas(TENANTS);
});
afterEach(() => place.stop());

const withoutScript = existsSync('/usr/bin/script') ? '' : ': needs `script` of util-linux';

describe.skipIf(withoutScript !== '')(`on a terminal${withoutScript}`, () => {
  it('there is a bar that is drawn again and again, with the time that is left and what failed', async () => {
    const { code, stdout } = await place.onTerminal('migrate --workers 1 --max-failures 1');
    expect(code).toBe(1);
    expect(stdout).toMatch(/[◒◐◓◑] {2}━+─+ \d+ of 12 \(\d+ %\), 1 failed, about \d+ s left/);
    expect(stdout).toContain('   failed: tenant_03');
    expect(stdout.match(/\d+ of 12 \(/g)?.length).toBeGreaterThan(15);
    // The lines are erased, and the cursor is there again.
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
    expect(stdout).toContain('11 targets brought up to date, 0 already up to date.');
  });

  it('--confirm asks after the canaries: no ends the run there', async () => {
    const answering = (key: string) => {
      let isAnswered = false;
      return place.onTerminal('migrate --canary tenant_00 --confirm --max-failures 1', {
        watch: (child, said) => {
          if (isAnswered || !said.includes('Go on with all others?')) return;
          isAnswered = true;
          // The question is drawn before the keyboard is read.
          setTimeout(() => child.stdin?.write(key), 1_000);
        },
      });
    };
    const no = await answering('n');
    expect(no.code).toBe(1);
    expect(no.stdout).toContain('as it was not confirmed');
    expect(await place.tables()).toEqual(['tenant_00.job']);
    await place.file('migrations/0002_more.sql', 'create table more (id int)');
    const yes = await answering('y');
    expect(yes.stdout).toContain('11 targets brought up to date');
  });

  it('Ctrl+C ends it when the work under way is done', async () => {
    let isPressed = false;
    const { code, stdout } = await place.onTerminal('migrate --workers 1 --max-failures 1', {
      watch: (child, said) => {
        if (isPressed || !said.includes('2 of 12')) return;
        isPressed = true;
        child.stdin?.write('\u0003');
      },
    });
    expect(code).toBe(1);
    expect(stdout).toContain('The run ends when the work under way is done.');
    expect(stdout).toMatch(/targets_failed: .*The run ended early, as it was asked to/);
    const done = (await place.tables()).length;
    expect(done).toBeGreaterThan(1);
    expect(done).toBeLessThan(11);
  });
});

describe('without a terminal', () => {
  it('there are few lines, and none that is drawn over', async () => {
    const { stderr, stdout } = await place.run('migrate --workers 1 --max-failures 1');
    for (const sign of ['\u001b', '\r']) expect(stderr + stdout).not.toContain(sign);
    const lines = stderr.split('\n').filter((line) => line.includes(' of 12 ('));
    expect(lines.length).toBeGreaterThanOrEqual(5);
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines.at(-1)).toBe('12 of 12 (100 %), 1 failed');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'the first %s ends the run in order, and what is there is whole',
    async (signal) => {
      let isSent = false;
      const { code, stdout } = await place.run('migrate --workers 1 --json --max-failures 1', {
        watch: (child, said) => {
          if (isSent || !said.includes('"done":2')) return;
          isSent = true;
          child.kill(signal);
          // The same, as npx passes it on.
          child.kill(signal);
        },
      });
      expect(code).toBe(1);
      const result = objects(stdout).find(({ type }) => type === 'result');
      expect(result).toMatchObject({ stopped: 'as it was asked to' });
      expect((await place.tables()).length).toBe(result?.['migrated']);
      expect((await place.run('migrate --max-failures 1')).code).toBe(1);
      expect((await place.tables()).length).toBe(11);
    },
  );

  it('the second ends it at once', async () => {
    await place.file('migrations/0001_job.sql', 'select pg_sleep(100); create table job (id int)');
    let isSent = false;
    const begun = Date.now();
    const { code } = await place.run('migrate', {
      watch: (child, said) => {
        if (isSent || !said.includes('to bring up to date')) return;
        isSent = true;
        child.kill('SIGINT');
        setTimeout(() => child.kill('SIGINT'), 1_000);
      },
    });
    expect(code).toBe(130);
    expect(Date.now() - begun).toBeLessThan(60_000);
    expect(await place.tables()).toEqual([]);
  });
});

describe.skipIf(withoutScript !== '')(`a change on a terminal${withoutScript}`, () => {
  it('has a bar over the rows, and its steps stay', async () => {
    await place.client.query(
      `create table job (id int primary key); insert into job select generate_series(1, 1000); analyze job`,
    );
    await place.file('one.json', JSON.stringify({ connection: place.url }));
    const value = "case when pg_sleep(0.002) is null then '' else 'eu' end";
    const add = [
      'change',
      'add-column',
      '--config',
      'one.json',
      '--table',
      'job',
      '--column',
      'region',
      '--type',
      'text',
    ];
    const { code, stdout } = await place.onTerminal([...add, '--value', value, '--batch-time', '50']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/[◒◐◓◑] {2}━+─+ \d+ of about 1000 \(\d+ %\) rows, \d+ a second/);
    expect(stdout).toMatch(/ {2}2 of 3 {2}backfill\r?\n/);
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
    expect(stdout).toContain('Done: add column "public"."job".region, 3 steps.');
  });
});
