import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('batches of schemas, $title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
    await place.file('0001_job.sql', 'create table job (id int);');
    await place.schemas(tenants, { batch: 10 });
  });
  afterEach(() => place.stop());

  const tenants = Array.from({ length: 20 }, (_, index) => `t${index + 10}`);
  const withNote = async () =>
    (
      await place.rows(
        `select relnamespace::regnamespace::text as schema from pg_class where relname = 'note' order by 1`,
      )
    ).map(({ schema }) => schema);

  it('O4, O19: what takes more than one transaction is done in each by itself, and all of it', async () => {
    await place.file(
      '0002_note.sql',
      'create table note (id int); create index concurrently note_id on note (id); alter table note add x int;',
    );
    await place.file('0003_last.sql', 'alter table note add y int;');
    expect(await place.schemas(tenants, { batch: 10 })).toMatchObject({ migrated: 20, failed: [] });
    for (const tenant of tenants)
      expect((await place.tables())[tenant]).toEqual(['job.id', 'note.id', 'note.x', 'note.y']);
    expect(await place.rows(`select from pg_class where relname = 'note_id'`)).toHaveLength(20);
  });

  it.each([
    ['of a name', { tenants: ['t13', 't25'] }, ['t13', 't25']],
    ['of a number', { tenants: 3 }, ['t10', 't11', 't12']],
  ])('canaries %s go before all batches, and nobody with them', async (_, canary, first) => {
    await place.file('0002_note.sql', 'create table note (id int);');
    let before: unknown[] = [];
    const confirm = async () => {
      before = await withNote();
      return false;
    };
    const { result } = await failure(place.schemas(tenants, { batch: 10, canary: { ...canary, confirm } }));
    expect(result).toMatchObject({ migrated: first.length, stopped: expect.stringContaining('not confirmed') });
    expect([before, await withNote()]).toEqual([first, first]);
    await place.schemas(tenants, { batch: 10, canary: { ...canary, confirm: () => true } });
    expect(await withNote()).toEqual(tenants);
  });

  it('a pause stands between canaries and the others, and a canary that fails ends the run in batches too', async () => {
    await place.file('0002_note.sql', 'create table note (id int);');
    await place.schemas(tenants, { canary: { tenants: ['t13'], pauseMillis: 1_500 } });
    const [pause] = await place.rows<{ seconds: number }>(
      `select extract(epoch from min(applied_at) filter (where target <> 't13') - min(applied_at) filter (where target = 't13'))::float as seconds
       from tenancy_migrations where name = '0002_note.sql'`,
    );
    expect(pause?.seconds).toBeGreaterThan(1.4);
    await place.client.query('create table t13.more (id int)');
    await place.file('0003_more.sql', 'create table more (id int);');
    const { result } = await failure(place.schemas(tenants, { batch: 10, canary: { tenants: ['t13'] } }));
    expect(result).toMatchObject({
      migrated: 0,
      failed: [{ tenant: 't13' }],
      stopped: expect.stringContaining('canaries'),
    });
  });

  it('the share of failures is one of tenants, and not of batches', async () => {
    for (const tenant of ['t10', 't20']) await place.client.query(`create table ${tenant}.note (id int)`);
    await place.file('0002_note.sql', 'create table note (id int);');
    // Two of twenty in two batches of two.
    const { result } = await failure(place.schemas(tenants, { batch: 10, maxFailures: 0.1, workers: 1 }));
    expect(result).toMatchObject({ migrated: 18, stopped: null });
    expect(result?.failed.map(({ tenant }) => tenant)).toEqual(['t10', 't20']);
  });
});
