import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { DataSource, Repository } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { harmlessFunctions } from '../src/sql/harmless-functions.js';
import { isMariadbThere, MARIADB_MISSING } from './database/mariadb.js';
import {
  acme,
  Country,
  Job,
  mariadbSettings,
  openScopedDatabase,
  type ScopedDatabase,
  settings,
} from './database/scoped-database.js';

const refused = { code: 'scope_refused' };
const everySetting = [...settings, ...(isMariadbThere ? mariadbSettings : [])];
const title = `typeorm-1: functions, TypeORM $version on $database${isMariadbThere ? '' : ` (MariaDB left out: ${MARIADB_MISSING})`}`;

describe.each(everySetting)(title, (setting) => {
  const on = setting.database;
  let db: ScopedDatabase;
  let source: DataSource;
  let jobs: Repository<Job>;
  beforeAll(async () => {
    db = await openScopedDatabase(setting);
    source = db.source;
    jobs = source.getRepository(Job);
  });
  afterAll(() => db.stop());
  const as = <R>(work: () => Promise<R>): Promise<R> => db.context.run(acme, work);
  const builder = () => jobs.createQueryBuilder('j');
  const select = (sql: string) => builder().select(sql, 'x').getRawMany();
  const row = { id: 'acme-job-1' };

  const xml = `('select title from job', true, true, '')`;
  const spellings: Readonly<Record<string, readonly string[]>> = {
    PostgreSQL: [
      `query_to_xml${xml}`,
      `QUERY_TO_XML ${xml}`,
      `"query_to_xml"${xml}`,
      `"query_to_xml" ${xml}`,
      `"query_to_xml"/* a */\n/* b */${xml}`,
      `query_to_xml/* a */${xml}`,
      `pg_catalog.query_to_xml${xml}`,
      `"pg_catalog"."query_to_xml"${xml}`,
      `pg_catalog . /* a */ "query_to_xml"${xml}`,
      `U&"query!005fto!005fxml" UESCAPE '!'${xml}`,
      String.raw`U&"\0071uery_to_xml"${xml}`,
      String.raw`u&"l\006fwer"('a')`,
      `ts_rewrite('a'::tsquery, 'select ''a''::tsquery, ''b''::tsquery')`,
      `ts_stat('select to_tsvector(title) from job')`,
      `table_to_xml('job', true, true, '')`,
      `pg_read_file('/etc/hostname')`,
      `pg_relation_size('job')`,
      `set_config('search_path', 'x', false)`,
      `"public".lower('a')`,
      `"Lower"('a')`,
    ],
    SQLite: [
      `load_extension('x')`,
      `[load_extension]('x')`,
      `"load_extension"('x')`,
      "`load_extension` ('x')",
      'own_function(1)',
    ],
    MariaDB: [
      `load_file('/etc/hostname')`,
      '`load_file`("/etc/hostname")',
      'sleep(0)',
      'own.lower(1)',
      '`lower`(1)',
      'get_lock("a", 0)',
    ],
  };
  it('what is not known to be harmless is refused, however it is spelt, wherever it stands', () =>
    as(async () => {
      for (const call of spellings[on] ?? []) {
        const attacks = {
          select: () => select(call),
          'select, cast': () => select(`CAST(${call} AS char(100))`),
          where: () => builder().where(`${call} IS NULL`).getMany(),
          orderBy: () => builder().select('j.id', 'id').orderBy(call).getRawMany(),
          groupBy: () => builder().select('1', 'x').groupBy(call).getRawMany(),
          having: () => builder().select('j.id', 'id').groupBy('j.id').having(`${call} IS NULL`).getRawMany(),
          join: () => builder().innerJoin('j.office', 'o', `${call} IS NULL`).getMany(),
          set: () => jobs.update(row, { title: () => call }),
          insert: () => jobs.insert({ id: 'x', officeId: 'acme-office', title: () => call }),
          delete: () => jobs.createQueryBuilder().delete().where(`${call} IS NULL`).execute(),
        };
        for (const [place, attack] of Object.entries(attacks)) {
          await expect((async () => attack())(), `${place}: ${call}`).rejects.toMatchObject(refused);
        }
      }
    }));

  it('the refusal names the function, and what to write to allow it', () =>
    as(async () => {
      await expect(select(`own_rank("j"."id")`)).rejects.toThrow(
        /it calls own_rank, .*allowedFunctions: \["own_rank"\]/,
      );
    }));

  it('typeorm-10: functions named like statements, and IS DISTINCT FROM', () =>
    as(async () => {
      if (on === 'MariaDB') {
        expect(await select('TRUNCATE(1.26, 1)')).toMatchObject([{ x: '1.2' }, { x: '1.2' }, { x: '1.2' }]);
        expect(await select("INSERT ('abc', 1, 1, 'x')")).toMatchObject([{ x: 'xbc' }, { x: 'xbc' }, { x: 'xbc' }]);
        await jobs.update(row, { title: () => "REPLACE(title, 'acme', 'ACME')" });
        expect(await jobs.countBy({ title: 'ACME title 1' })).toBe(1);
      } else {
        await jobs.update(row, { salary: () => 'CASE WHEN "salary" IS NOT DISTINCT FROM 1 THEN 1 ELSE 1 END' });
        await jobs.update(row, { salary: () => `("title" IS DISTINCT FROM 'x')${on === 'SQLite' ? '' : '::int'}` });
        const unbracketed = `"title" IS DISTINCT\n FROM 'x'`;
        // PostgreSQL writes no truth into a number; that it was asked is enough.
        if (on === 'SQLite') await jobs.update(row, { salary: () => unbracketed });
        else await expect(jobs.update(row, { salary: () => unbracketed })).rejects.toThrow(/type boolean/);
        expect(await jobs.countBy({ id: row.id, salary: 1 })).toBe(1);
        expect(await builder().where(`j.title IS DISTINCT FROM 'x'`).getCount()).toBe(3);
      }
      const attack = on === 'MariaDB' ? 'salary FROM job k' : '"salary" FROM "job" "k"';
      await expect(jobs.update(row, { salary: () => attack })).rejects.toMatchObject(refused);
    }));

  it('a condition of a join is one condition, of a shared entity too', () =>
    as(async () => {
      const q = (name: string) => (on === 'MariaDB' ? `\`${name}\`` : `"${name}"`);
      for (const attack of [`1 = 1 CROSS JOIN ${q('job')} ${q('k')}`, `1 = 1, ${q('job')} ${q('k')}`]) {
        const joined = builder().select('k.title', 'title').innerJoin(Country, 'c', attack);
        await expect(joined.getRawMany(), attack).rejects.toThrow();
      }
    }));

  if (on === 'SQLite')
    it('a table behind IN is refused, as it is read without a SELECT', () =>
      as(async () => {
        for (const attack of [`'CH' IN "country"`, 'j.id in country', '("a", "b") IN [job_tag]']) {
          await expect(builder().where(attack).getMany(), attack).rejects.toMatchObject(refused);
        }
        expect(await builder().comment('in the report').where("j.id IN ('acme-job-1')").getCount()).toBe(1);
      }));

  const ordinary: Readonly<Record<string, readonly string[]>> = {
    PostgreSQL: [
      'COUNT(*) FILTER (WHERE j.salary > 1)',
      'SUM(COALESCE(NULLIF(j.salary, 0), 1)) OVER (PARTITION BY (j.title) ORDER BY (j.id))',
      "date_trunc('day', now() AT TIME ZONE ('UTC'))::varchar(20)",
      "EXTRACT(epoch FROM (now() - interval '1 day'))",
      "to_tsvector('simple', j.title) @@ plainto_tsquery('simple', 'acme')",
      "jsonb_build_object('a', j.id) ->> ('a')",
      "string_agg(DISTINCT j.title, ',' ORDER BY j.title)",
      'pg_catalog.lower(j.title) || "lower"(j.title) LIKE (\'a%\')',
      'percentile_cont(0.5) WITHIN GROUP (ORDER BY j.salary)',
      'CAST(j.salary AS numeric(10, 2)) BETWEEN (1) AND (2)',
      '(ARRAY[1, 2])[1] IN (1, 2) AND NOT (j.salary = ANY (ARRAY[1]))',
      'CASE WHEN (j.salary > 1) THEN (1) ELSE (2) END',
      "overlay(j.title placing 'x' from 1 for (1))",
      'row_number() OVER (ORDER BY j.id ROWS BETWEEN (1) PRECEDING AND CURRENT ROW)',
      "encode(sha256(j.title::bytea), 'hex')",
      'gen_random_uuid()',
    ],
    SQLite: [
      "strftime('%Y', 'now')",
      'COUNT(*) FILTER (WHERE j.salary > 1)',
      "json_extract('{}', '$.a') IS NULL",
      "ifnull(j.title, 'x') GLOB ('a*')",
      'iif(j.salary IN (1, 2), 1, 2)',
      'CAST(j.salary AS decimal(10, 2))',
      'max(j.salary, 1)',
    ],
    MariaDB: [
      "GROUP_CONCAT(DISTINCT j.title ORDER BY j.title SEPARATOR ',')",
      "DATE_FORMAT(NOW(), '%Y-%m')",
      'IF(j.salary > 1, LEFT(j.title, 2), RIGHT(j.title, 2))',
      "JSON_EXTRACT('{}', '$.a')",
      "CAST(j.title AS CHAR(10)) REGEXP ('a')",
      'DATE_ADD(NOW(), INTERVAL (1) DAY)',
      'j.salary DIV (2) MOD (3)',
      'ROW_NUMBER() OVER (ORDER BY j.id)',
      'SHA2(j.title, 256)',
    ],
  };
  it('ordinary functions and brackets work', () =>
    as(async () => {
      for (const sql of ordinary[on] ?? []) {
        const found = builder().select(sql, 'x').groupBy('j.id').addGroupBy('j.title').addGroupBy('j.salary');
        await expect(found.getRawMany(), sql).resolves.toHaveLength(3);
      }
      const inner = jobs.createQueryBuilder('i').select('i.id', 'id');
      const common = source
        .createQueryBuilder()
        .addCommonTableExpression(inner, 'own', { columnNames: ['first'] })
        .addCommonTableExpression(inner.clone(), 'other', { columnNames: ['second'] })
        .select('o.first', 'first')
        .from('own', 'o')
        .innerJoin('other', 'p', 'p.second = o.first');
      expect(await common.getRawMany()).toHaveLength(3);
    }));
});

describe('typeorm-1: functions that an application names', () => {
  it.each(settings.filter(({ database }) => database === 'PostgreSQL'))(
    'are allowed, TypeORM $version',
    async (setting) => {
      const db = await openScopedDatabase(setting, {
        allowedFunctions: ['own_rank', 'app.Own_Rank', '"app"."OwnRank"'],
      });
      try {
        await db.bare('CREATE SCHEMA app');
        for (const name of ['own_rank', 'app.own_rank', 'app."OwnRank"'])
          await db.bare(`CREATE FUNCTION ${name}(text) RETURNS int LANGUAGE sql AS 'SELECT 7'`);
        await db.context.run(acme, async () => {
          const select = (sql: string) =>
            db.source.getRepository(Job).createQueryBuilder('j').select(sql, 'x').getRawMany();
          for (const call of [
            'own_rank',
            'OWN_RANK',
            '"own_rank"',
            'App.Own_rank',
            'app."OwnRank"',
            '"app" . "OwnRank"',
          ])
            expect(await select(`${call}(j.id)`), call).toEqual([{ x: 7 }, { x: 7 }, { x: 7 }]);
          for (const call of ['ownrank', '"OWN_RANK"', 'app.other', '"OwnRank"', 'app.OwnRank', '"app.OwnRank"'])
            await expect(select(`${call}(j.id)`), call).rejects.toMatchObject(refused);
        });
      } finally {
        await db.stop();
      }
    },
  );
});

describe('typeorm-1: the list for PostgreSQL', () => {
  /** Volatile, and yet about nothing but chance, the clock, the session and a sequence. */
  const VOLATILE = new Set([
    ...['random', 'random_normal', 'array_sample', 'array_shuffle', 'gen_random_uuid', 'uuidv4', 'uuidv7'],
    ...['clock_timestamp', 'timeofday', 'nextval', 'currval', 'lastval'],
  ]);
  it('has none that takes a table, or may do what is not seen from outside', async () => {
    const database = await createDatabase(inject('postgresUrl'));
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query(
      `select proname as name, provolatile as volatility,
         'regclass'::regtype::oid = any (proargtypes) or 'refcursor'::regtype::oid = any (proargtypes) or prosrc like '%\\_to\\_xml%' as is_open
       from pg_proc where pronamespace = 'pg_catalog'::regnamespace and prokind <> 'p'`,
    );
    await client.end();
    await database.stop();
    const listed = harmlessFunctions('postgres');
    const known = rows.filter(({ name }) => listed.has(name));
    expect(known.length).toBeGreaterThan(400);
    const wrong = known.filter(
      ({ name, volatility, is_open }) =>
        !VOLATILE.has(name) && (volatility === 'v' || (is_open && !['nextval', 'currval'].includes(name))),
    );
    expect([...new Set(wrong.map(({ name }) => name))]).toEqual([]);
  });
});
