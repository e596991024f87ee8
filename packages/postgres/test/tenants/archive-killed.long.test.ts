import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTenantsError } from '../../src/tenants.js';
import { servers } from '../database/servers.js';
import { ARCHIVED, ArchiveFixture } from './archive-fixture.js';

/** Kills, at random points, over all kinds of places; IMPORT_KILLS is another number of them. */
const KILLS = Number(process.env['IMPORT_KILLS'] ?? 6);

const MAIN = { server: 'main', kind: 'rows', name: null } as const;

describe('a tenant that is exported or imported by a process that is killed with -9', () => {
  let fixture: ArchiveFixture;
  let file: string;
  let rows: readonly string[];

  beforeAll(async () => {
    fixture = await ArchiveFixture.start(servers.at(-1)?.url);
    await fixture.tenant('acme');
    await fixture.tenant('globex');
    await (fixture.moves.admin['main'] as pg.Client).query(
      `insert into visit select 'acme', '2026-02-01'::date + n % 300, n from generate_series(1000, 20000) n`,
    );
    file = await fixture.archive('acme');
    rows = await fixture.rows(MAIN, 'acme');
  });

  afterAll(() => fixture.stop());

  const start = async (work: 'import' | 'export', id: string, more: object = {}) => {
    const given = JSON.stringify({
      ...{
        servers: { main: fixture.urlOf('main'), eu2: fixture.urlOf('eu2') },
        role: fixture.moves.role,
        sql: ARCHIVED,
      },
      ...{ databases: fixture.moves.role, work, file, id },
      ...more,
    });
    const child = spawn(process.execPath, [join(import.meta.dirname, 'archive-killed.mjs'), given], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), gone]);
    return { gone, kill: () => child.kill('SIGKILL') };
  };

  /** Milliseconds of one that is not killed. */
  const durationOf = async (...run: Parameters<typeof start>) => {
    const { gone } = await start(...run);
    const begun = performance.now();
    expect(await gone).toEqual([0, null]);
    return performance.now() - begun;
  };

  it.each([
    ['rows', 'main'],
    ['schema', 'main'],
    ['database', 'main'],
    ['rows', 'eu2'],
    ['schema', 'eu2'],
    ['database', 'eu2'],
  ] as const)(
    'is finished by the same call, and no row is lost, doubled or left: %s on %s',
    async (kind, server) => {
      const at = { kind, server };
      const whole = `whole-${kind}-${server}`;
      fixture.moves.databaseOf(whole);
      const duration = await durationOf('import', whole, { at });
      const points = new Set<string>();
      for (let n = 1; n <= Math.ceil(KILLS / 6); n += 1) {
        const id = `killed-${kind}-${server}-${n}`;
        const before = await fixture.traces();
        const run = await start('import', id, { at });
        await sleep(duration * Math.random());
        run.kill();
        await run.gone;
        const admin = fixture.moves.admin['main'] as pg.Client;
        const { rows: states } = await admin.query(
          `select t.status || coalesce(o.state::text, '') as state from tenancy.tenant t left join tenancy.operation o on o.tenant_id = t.id where t.id = $1`,
          [id],
        );
        points.add(states[0]?.state.replaceAll(/\d+/g, 'n') ?? '');
        expect(await fixture.moves.directory.findBySlug(id)).toEqual(
          states[0]?.state.startsWith('active') ? expect.objectContaining({ id }) : null,
        );
        await fixture.import(file, id, kind, server).catch((error: unknown) => {
          // It was killed after its last commit.
          if (!isTenantsError(error, 'tenant_exists')) throw error;
        });
        const { place } = await fixture.moves.directory.get(id);
        expect(await fixture.rows(place, id)).toEqual(rows);
        expect((await fixture.moves.directory.show(id)).events).toHaveLength(1);
        const own = new RegExp(`${id}|rows [0-9a-f]{64}$|sequence`);
        const others = (traces: readonly string[]) => traces.filter((trace) => !own.test(trace));
        expect(others(await fixture.traces())).toEqual(others(before));
        await removed(id);
        expect((await fixture.traces()).filter((trace) => /rows [0-9a-f]{64}$/.test(trace))).toEqual(
          before.filter((trace) => /rows [0-9a-f]{64}$/.test(trace)),
        );
      }
      if (process.env['IMPORT_KILLS']) console.log(kind, server, [...points]);
    },
    3_600_000,
  );

  /** Removes rows beside others', so that these can be compared. */
  const removed = async (id: string) => {
    for (const client of Object.values(fixture.moves.admin)) {
      await client.query(`set session_replication_role = replica`);
      for (const table of [
        'tip',
        'visit',
        'item',
        'job',
        'note',
        'remark',
        'team',
        'person',
        'setting',
        '"we/ird ""one"""',
      ]) {
        await client.query(`delete from ${table} where tenant_id = '${id}'`);
      }
      await client.query(`set session_replication_role = origin`);
    }
  };

  it('leaves no archive that is not whole, and the next export removes what is left of it', async () => {
    const target = fixture.file('killed.zip');
    const duration = await durationOf('export', 'acme', { file: fixture.file('whole.zip') });
    for (let n = 0; n < Math.ceil(KILLS / 3); n += 1) {
      const run = await start('export', 'acme', { file: target });
      await sleep(duration * Math.random());
      run.kill();
      await run.gone;
      const isThere = await access(target).then(
        () => true,
        () => false,
      );
      if (isThere) break;
    }
    const parts = async () => (await fixture.files()).filter((name) => name.startsWith('killed.zip.'));
    const { directory, places } = fixture.moves;
    const { exportTenant, importTenant } = await import('../../src/tenants.js');
    for (const part of await parts()) {
      const archive = { directory, places, file: fixture.file(part), tenant: { id: 'half', slug: 'half' } };
      await expect(importTenant(archive)).rejects.toThrow(/^archive_refused: /);
    }
    await exportTenant({ directory, places, tenant: 'acme', file: target }).catch((error: unknown) => {
      if (!isTenantsError(error, 'archive_unwritable')) throw error;
    });
    expect(await parts()).toEqual([]);
    const { place } = await fixture.import(target, 'from-killed', 'schema');
    expect(await fixture.rows(place, 'from-killed')).toEqual(rows);
  }, 600_000);
});
