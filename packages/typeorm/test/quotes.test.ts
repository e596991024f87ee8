import { describe, expect, it } from 'vitest';
import { acme, context, globex, id, settings, tenantId, text, withEntities } from './database/own-entities.js';

describe.each(settings)('quotes in names, TypeORM $version on $database', (setting) => {
  it('an entity, table and column with an apostrophe in the name is read, joined, saved and removed', () =>
    withEntities(
      setting,
      [
        { name: "a shop's person", columns: { id, tenantId, name: { ...text, name: "person's name" } } },
        {
          name: 'Job',
          tableName: "a shop's job",
          columns: { id, tenantId, personId: { ...text, nullable: true } },
          relations: {
            person: {
              type: 'many-to-one',
              target: "a shop's person",
              joinColumn: { name: 'personId' },
            },
            helpers: {
              type: 'many-to-many',
              target: "a shop's person",
              joinTable: {
                name: "a job's helpers",
                joinColumn: { name: 'jobId' },
                inverseJoinColumn: { name: 'personId' },
              },
            },
          },
        },
      ],
      async (source, outside) => {
        // TypeORM's own work on schemas does not quote such names.
        for (const [table, columns] of Object.entries({
          "a shop's person": ['id', 'tenantId', "person's name"],
          "a shop's job": ['id', 'tenantId', 'personId'],
          "a job's helpers": ['jobId', 'personId'],
        }))
          await outside(`CREATE TABLE "${table}" (${columns.map((name) => `"${name}" varchar(40)`).join(', ')})`);
        const people = source.getRepository("a shop's person");
        const jobs = source.getRepository('Job');
        await context.run(globex, () => people.save({ id: 'g', name: 'x' }));
        await context.run(acme, async () => {
          const person = await people.save({ id: 'one', name: "o'x" });
          await jobs.save({ id: 'job', person, helpers: [person] });
          const [found] = await jobs.find({
            where: { person: { name: "o'x" } },
            relations: { person: true, helpers: true },
            take: 5,
          });
          expect(found).toMatchObject({ person: { name: "o'x" }, helpers: [{ id: 'one' }] });
          await people.update({ name: "o'x" }, { name: 'y' });
          expect(await people.findOne({ where: [{ name: 'y' }, { id: 'g' }], order: { name: 'ASC' } })).toMatchObject({
            id: 'one',
          });
          await jobs.save({ id: 'job', person: null, helpers: [] });
          await people.remove(await people.find());
          expect(await people.count()).toBe(0);
          const open = people.createQueryBuilder('p').where("p.name = 'x' OR '1' = '1").getMany();
          await expect(open).rejects.toMatchObject({ code: 'scope_refused' });
          const named = people.createQueryBuilder().where("1 = 1 OR 'x").getMany();
          await expect(named).rejects.toMatchObject({ code: 'scope_refused' });
        });
        await context.run(globex, async () => expect(await people.count()).toBe(1));
      },
      { options: { synchronize: false } },
    ));
});
