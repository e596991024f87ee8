import type { DataSource, Repository } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMariadbThere, MARIADB_MISSING } from './database/mariadb.js';
import {
  acme,
  globex,
  Job,
  mariadbSettings,
  openScopedDatabase,
  type ScopedDatabase,
  settings,
} from './database/scoped-database.js';

const everySetting = [...settings, ...(isMariadbThere ? mariadbSettings : [])];
const title = `the text of nested queries, TypeORM $version on $database${isMariadbThere ? '' : ` (MariaDB left out: ${MARIADB_MISSING})`}`;

describe.each(everySetting)(title, (setting) => {
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
  const three = [1, 2, 3].map((n) => `acme-job-${n}`);
  const inner = () => jobs.createQueryBuilder('i').select('i.id', 'id');
  const within = (text: string) => jobs.createQueryBuilder('j').where(`j.id IN (${text})`);
  const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();

  const edits: Readonly<Record<string, (text: string) => string>> = {
    'a condition that is always true': (text) => text.replace('WHERE', 'WHERE 1 = 1 OR'),
    'without its condition': (text) => text.replace(/WHERE.*/s, ''),
    'another table': (text) => text.replace(/[`"]job[`"] /, (name) => name.replace('job', 'tag')),
    'another column': (text) => text.replace(/[`"]id[`"] AS/, (name) => name.replace('id', 'title')),
    'a condition that goes on behind it': (text) => `${text} OR 1 = 1`,
    'a comparison that goes on behind it': (text) => `${text} IS NOT NULL`,
    'its last character': (text) => text.slice(0, -1),
    'a nested one taken out': (text) => text.replace(/^\/\*[^*]*\*\//, ''),
    'a comment that hides what goes on': (text) => `${text} /* ) */ OR 1 = 1`,
  };
  it.each(Object.entries(edits))('%s: an edited text is refused, in every place', async (_name, edit) => {
    const before = await db.rowsOf(globex);
    await as(async () => {
      const text = edit(inner().getQuery());
      const places = [
        () => within(text).getMany(),
        () => jobs.createQueryBuilder('j').select(`(${text} )`, 'x').getRawMany(),
        () => jobs.createQueryBuilder('j').orderBy(`(${text})`).getMany(),
        () => source.createQueryBuilder().select('s.id', 'id').from(`(${text})`, 's').getRawMany(),
        () => jobs.createQueryBuilder('j').leftJoin(Job, 'k', `k.id IN (${text})`).getMany(),
        () => jobs.update({ id: 'acme-job-1' }, { title: () => `(${text})` }),
        () => jobs.createQueryBuilder().delete().where(`id IN (${text})`).execute(),
      ];
      for (const place of places) await expect(place(), String(place)).rejects.toMatchObject({ code: 'scope_refused' });
    });
    expect(await db.rowsOf(globex)).toEqual(before);
  });

  it('a sub-query in brackets, edited, is refused', () =>
    as(async () => {
      const outer = jobs.createQueryBuilder('j');
      const text = outer.subQuery().select('i.id').from(Job, 'i').getQuery();
      for (const edited of [text.replace('WHERE', 'WHERE 1 = 1 OR'), `${text.slice(0, -1)} OR 1 = 1)`]) {
        const query = jobs.createQueryBuilder('j').where(`j.id IN ${edited}`);
        await expect(query.getMany()).rejects.toThrow('the text of a nested query was changed after `getQuery()`');
      }
    }));

  it('a statement that is cut out of one that holds it is refused', () =>
    as(async () => {
      const outer = within(inner().getQuery()).select('j.id', 'id').getQuery();
      const cut = outer.slice(outer.indexOf('(', outer.indexOf(' IN ')) + 1).replace(/\).*/s, '');
      expect(cut).toMatch(/SELECT .* WHERE/);
      await expect(within(cut).getMany()).rejects.toMatchObject({ code: 'scope_refused' });
    }));

  it('what stands as it was is answered, at any depth, with what may follow a statement', () =>
    as(async () => {
      const text = inner().getQuery();
      const nested = within(within(within(text).select('j.id', 'id').getQuery()).select('j.id', 'id').getQuery());
      expect(idsOf(await nested.getMany())).toEqual(three);
      const united = within(`${text} UNION ALL ${text}`);
      expect(idsOf(await united.getMany())).toEqual(three);
      const ordered = source.createQueryBuilder().select('s.id', 'id').from(`(${text} ORDER BY 1 LIMIT 2 )`, 's');
      expect(await ordered.setParameters(inner().getParameters()).getRawMany()).toHaveLength(2);
      const correlated = jobs.createQueryBuilder('j');
      const same = correlated.subQuery().select('1').from(Job, 'i').where('i.id = j.id').getQuery();
      expect(idsOf(await correlated.where(`EXISTS ${same}`).take(2).getMany())).toEqual(three.slice(0, 2));
    }));
});
