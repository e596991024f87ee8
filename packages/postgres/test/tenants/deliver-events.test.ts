import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EventDelivery, TenantDirectory, type TenantEvent } from '../../src/tenants.js';
import { servers } from '../database/servers.js';

describe.each(servers)('events of tenants $title', ({ url: server }) => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let directory: TenantDirectory;
  let outside: pg.Pool;
  let heard: string[];
  let number = 0;
  let consumer: string;

  beforeAll(async () => {
    database = await createDatabase(server);
    outside = new pg.Pool({ connectionString: database.url });
    outside.on('error', () => {});
    directory = new TenantDirectory({ connection: database.url });
    await directory.install();
    await directory.create({ id: 'old', slug: 'old' });
  });
  beforeEach(async () => {
    heard = [];
    number += 1;
    consumer = `Mails.${number}`;
    expect(await deliver()).toEqual({ delivered: 0, failed: [], dueIn: null });
  });
  afterAll(async () => {
    await directory.close();
    await outside.end();
    await database.stop();
  });

  const note = ({ tenantId, kind }: TenantEvent) => void heard.push(`${tenantId} ${kind}`);
  const deliver = (more: Partial<EventDelivery> = {}) => directory.deliverEvents({ consumer, handle: note, ...more });
  const create = async (name: string) =>
    (await directory.create({ id: `${name}${number}`, slug: `${name}-${number}` })).id;

  it('are delivered once to each consumer, from its first call on, in the order of each tenant', async () => {
    const a = await create('a');
    await directory.suspend(a);
    const b = await create('b');
    expect(await deliver()).toEqual({ delivered: 3, failed: [], dueIn: null });
    expect(heard.filter((event) => event.startsWith(a))).toEqual([`${a} created`, `${a} suspended`]);
    expect(heard).toContain(`${b} created`);
    expect(await deliver()).toMatchObject({ delivered: 0 });
    await directory.rename(b, `c-${number}`);
    const renamed: TenantEvent[] = [];
    await deliver({ kinds: ['created', 'renamed'], handle: (event) => void renamed.push(event) });
    expect(renamed).toMatchObject([{ tenantId: b, kind: 'renamed', data: { from: `b-${number}`, to: `c-${number}` } }]);
    expect(await deliver({ consumer: `${consumer} of a newcomer` })).toMatchObject({ delivered: 0 });
  });

  it('refuses a kind that is none, for which a consumer would wait for ever', async () => {
    for (const kind of ['create', 'toString', 7, null]) {
      await expect(deliver({ kinds: ['created', kind as never] })).rejects.toMatchObject({
        code: 'floor_misconfigured',
      });
    }
    expect(await deliver({ kinds: [] })).toMatchObject({ delivered: 0 });
  });

  it('none is missed whose transaction was open while a later one was delivered, or while its consumer was new', async () => {
    const client = await outside.connect();
    await client.query('begin');
    const { id: late } = await directory.create({ slug: `late-${number}` }, { on: client });
    const later = await create('later');
    await deliver();
    const newcomer = `${consumer} of a newcomer`;
    await deliver({ consumer: newcomer });
    expect(heard).toEqual([`${later} created`]);
    await client.query('commit');
    client.release();
    for (const name of [consumer, newcomer]) expect(await deliver({ consumer: name })).toMatchObject({ delivered: 1 });
    expect(heard.slice(1)).toEqual([`${late} created`, `${late} created`]);
  });

  it('one that fails keeps back those of its tenant alone, and is tried again in growing pauses', async () => {
    const [a, b] = [await create('a'), await create('b')];
    for (const id of [a, b]) await directory.suspend(id);
    const handle = (event: TenantEvent) => {
      if (event.tenantId === a) throw new Error('the mail server is away');
      note(event);
    };
    const first = await deliver({ handle });
    expect(first).toMatchObject({
      delivered: 2,
      failed: [{ event: { tenantId: a, kind: 'created' }, error: { message: 'the mail server is away' } }],
    });
    expect(heard).toEqual([`${b} created`, `${b} suspended`]);
    expect(first?.dueIn).toBeGreaterThan(0);
    // Not before its time.
    expect(await deliver()).toMatchObject({ delivered: 0, failed: [] });
    const pauses: number[] = [];
    for (let attempt = 1; attempt < 15; attempt += 1) {
      await outside.query('update tenancy.delivery set due_at = clock_timestamp() where done_at is null');
      pauses.push(Math.round(((await deliver({ handle }))?.dueIn ?? 0) / 1_000));
    }
    expect(pauses.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(pauses.at(-1)).toBe(3_600);
    await outside.query('update tenancy.delivery set due_at = clock_timestamp() where done_at is null');
    expect(await deliver()).toEqual({ delivered: 2, failed: [], dueIn: null });
    expect(heard.slice(2)).toEqual([`${a} created`, `${a} suspended`]);
  });

  it('one process at a time is at it, and what a killed one had in hand is delivered again', async () => {
    const a = await create('a');
    let busy: unknown;
    await deliver({ handle: async () => void (busy = await deliver()) });
    expect([busy, heard]).toEqual([null, []]);
    await directory.suspend(a);
    const killed = deliver({ handle: () => new Promise(() => {}) });
    killed.catch(() => {});
    const held = `select pid from pg_stat_activity where application_name = 'tenancy events' and datname = current_database()`;
    let pids: { pid: number }[] = [];
    while (pids.length === 0) pids = (await outside.query(held)).rows;
    expect(await deliver()).toBeNull();
    await outside.query('select pg_terminate_backend($1, 5000)', [pids[0]?.pid]);
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(heard).toEqual([`${a} suspended`]);
  });

  it('ends before the next one where the signal says so', async () => {
    await create('a');
    await create('b');
    const stop = new AbortController();
    expect(await deliver({ signal: stop.signal, handle: () => stop.abort() })).toEqual({
      delivered: 1,
      failed: [],
      dueIn: 0,
    });
    expect(await deliver()).toMatchObject({ delivered: 1 });
  });
});
