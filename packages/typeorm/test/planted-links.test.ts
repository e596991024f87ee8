import { describe, expect, it } from 'vitest';
import { isMariadbThere } from './database/mariadb.js';
import { acme, globex, Job, mariadbSettings, openScopedDatabase, settings } from './database/scoped-database.js';

describe.each([...settings, ...(isMariadbThere ? mariadbSettings : [])])(
  "typeorm-11: a link to another tenant's row that was planted, TypeORM $version on $database",
  (setting) => {
    it('is neither shown nor removed, and goes with the own row that it starts from', async () => {
      const db = await openScopedDatabase(setting);
      try {
        const links = () => db.bare(`SELECT * FROM "job_tag" WHERE "jobId" = 'acme-job-3'`);
        const other = await db.rowsOf(globex);
        await db.context.run(acme, async () => {
          const tags = db.source.createQueryBuilder().relation(Job, 'tags').of('acme-job-3');
          expect(await tags.loadMany()).toEqual([]);
          await tags.remove('globex-tag-2');
          const jobs = db.source.getRepository(Job);
          await jobs.save({ ...(await jobs.findOneByOrFail({ id: 'acme-job-3' })), tags: [] });
          expect(await links()).toHaveLength(1);
          await jobs.delete({ id: 'acme-job-3' });
        });
        // By the foreign key's own ON DELETE CASCADE.
        expect(await links()).toEqual([]);
        expect(await db.rowsOf(globex)).toEqual(other);
      } finally {
        await db.stop();
      }
    });
  },
);
