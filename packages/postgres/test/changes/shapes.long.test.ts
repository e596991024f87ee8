import { describe, expect, it } from 'vitest';
import { addColumn, type Change, changeType, finishRename, isChangeError, renameColumn } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';
import { plainTable, shapes, type TableShape } from './table-shapes.js';

const table = { schema: 'shape', name: 'job' };

/** Writes of old code; new code says another name. */
const writes = (t: string, title = 'title', touched = 'touched') => {
  const next = `(select coalesce(max(id), 0) + 1 from ${t})`;
  return [
    `insert into ${t} (id, ${title}) values (${next}, 'of code')`,
    `insert into ${t} (id, ${title}) values (${next}, null)`,
    `insert into ${t} (id, ${title}) values (${next}, 'untitled')`,
    `insert into ${t} (id, ${touched}) values (${next}, 7)`,
    `insert into ${t} (id) values (${next})`,
    `update ${t} set ${title} = ${title} || '!' where id % 7 = 0`,
    `update ${t} set ${title} = null, ${touched} = ${touched} + 1 where id % 11 = 0`,
    `update ${t} set ${touched} = ${touched} + 1 where id % 5 = 0`,
  ];
};

interface Kind {
  readonly name: string;
  readonly change: Change;
  /** The change that ends it, and the names of the columns that new code says from the first one on. */
  readonly end?: Change;
  readonly names?: readonly [title: string, touched: string];
  /** The column that it is about, which has all that the twin's has. */
  readonly column?: string;
}

const rename = (from: string, to: string, names: readonly [string, string]): Kind => ({
  name: `name of ${from}`,
  ...{ change: renameColumn({ table, from, to }), end: finishRename({ table, from, to }), names, column: from },
});

const kinds: readonly Kind[] = [
  {
    name: 'a column',
    change: addColumn({ table, column: 'more', type: 'text', value: `coalesce(title, '-') || touched` }),
  },
  { name: 'type of title', change: changeType({ table, column: 'title', type: 'varchar(300)' }), column: 'title' },
  { name: 'type of touched', change: changeType({ table, column: 'touched', type: 'bigint' }), column: 'touched' },
  rename('title', 'name', ['name', 'touched']),
  rename('touched', 'seen', ['title', 'seen']),
];

describe.each(servers)(
  'a table of any shape is changed as a whole, or refused before anything is done $title',
  (server) => {
    const database = forAllTests(() => openChangeDatabase(server));
    const all = async (...statements: readonly string[]) => {
      for (const sql of statements) await database.outside.query(sql);
    };
    const rows = async (t: string, title: string, touched: string) =>
      (
        await database.outside.query(
          `select id::int, ${title} as title, ${touched}::text as touched from ${t} order by id`,
        )
      ).rows;
    const properties = async (t: string, column: string) =>
      (
        await database.outside.query(
          `select attnotnull, coalesce(attstattarget, -1) as statistics, attcollation::regcollation::text as collation, attstorage::text,
          to_json(a) ->> 'attcompression' as compression,
          (select array_agg(o) from unnest(attoptions) o where o like 'n\\_distinct%') as options, attacl::text, col_description(attrelid, attnum) as comment,
          replace(pg_get_expr(adbin, adrelid), 'twin', 'job') as default
          from pg_attribute a left join pg_attrdef d on adrelid = attrelid and adnum = attnum where attrelid = $1::regclass and attname = $2`,
          [t, column],
        )
      ).rows[0];

    async function made({ table: own = plainTable, sql = () => 'select', beside }: TableShape) {
      await all(
        'drop schema if exists shape cascade',
        'create schema shape',
        'drop table if exists public.tenancy_changes',
      );
      for (const t of ['shape.twin', 'shape.job']) {
        await all(
          own(t),
          `insert into ${t} (id, title, touched) select n, 'job ' || n, n from generate_series(1, 40) n`,
        );
        // Names without a schema, for what is made beside the table.
        await all(sql(t), ...writes(t));
      }
      if (beside) await all(beside[0]);
    }

    it.each(
      shapes.flatMap((shape) =>
        kinds.map((kind): [string, string, TableShape, Kind] => [shape.title, kind.name, shape, kind]),
      ),
    )('%s: %s', async (_, __, shape, { name, change, end, names: [title, touched] = ['title', 'touched'], column }) => {
      await made(shape);
      const wrong = (of: string) => shape.refuses?.[of];
      const expected = () => rows('shape.twin', 'title', 'touched');
      const refusedAs = async (wanted: Change, message: RegExp) => {
        const before = await database.outside.query(
          `select attname from pg_attribute where attrelid = 'shape.job'::regclass order by attnum`,
        );
        const error = await database.change({ change: wanted, giveUpAfter: 5_000 }).catch((thrown: unknown) => thrown);
        expect(String(error)).toMatch(message);
        expect(isChangeError(error, 'change_impossible')).toBe(true);
        const after = await database.outside.query(
          `select attname from pg_attribute where attrelid = 'shape.job'::regclass order by attnum`,
        );
        expect(after.rows).toEqual(before.rows);
        await all(...writes('shape.job'), ...writes('shape.twin'));
        expect(await rows('shape.job', 'title', 'touched')).toEqual(await expected());
      };
      try {
        const refusal = wrong(name);
        if (refusal) {
          await refusedAs(change, refusal);
          expect(await leftBehind(database.outside)).toEqual([]);
          return;
        }
        const written: Promise<void>[] = [];
        await database.change({
          change,
          onProgress: ({ step, state }) => {
            if (step === 'backfill' && state === 'started') written.push(all(...writes('shape.job')));
          },
        });
        await Promise.all(written);
        await all(...writes('shape.twin'), ...writes('shape.job'), ...writes('shape.twin'));
        if (end) {
          expect(await rows('shape.job', title, touched)).toEqual(await expected());
          await all(...writes('shape.job', title, touched), ...writes('shape.twin'));
          expect(await rows('shape.job', 'title', 'touched')).toEqual(await expected());
          const [both, twin] = [await properties('shape.job', title), await properties('shape.twin', 'title')];
          expect([both.collation, both.attacl]).toEqual([twin.collation, twin.attacl]);
          const late = wrong(`end of the ${name}`);
          if (late) return await refusedAs(end, late);
          await database.change({ change: end });
          await all(...writes('shape.job', title, touched), ...writes('shape.twin'));
        }
        expect(await rows('shape.job', title, touched)).toEqual(await expected());
        if (column !== undefined) {
          const now = end ? (column === 'title' ? title : touched) : column;
          const like = await properties('shape.twin', column);
          const own = await properties('shape.job', now);
          // The text of a default may name the type.
          expect({ ...own, default: own.default?.replace('::character varying', '::text') }).toEqual(like);
        }
        expect(await leftBehind(database.outside)).toEqual([]);
      } finally {
        if (shape.beside) await all(shape.beside[1]);
      }
    });
  },
);
