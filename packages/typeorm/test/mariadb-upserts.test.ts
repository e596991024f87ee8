import { EntitySchema as OldestSchema, DataSource as OldestSource } from 'typeorm-0.3-oldest';
import { describe, expect, it } from 'vitest';
import {
  acme,
  context,
  globex,
  id,
  type Setting,
  settings,
  tenantId,
  tenants,
  text,
  withEntities,
} from './database/own-entities.js';

const oldest = {
  version: '0.3.20',
  database: 'MariaDB',
  Source: OldestSource as unknown as Setting['Source'],
  Schema: OldestSchema as unknown as Setting['Schema'],
} as unknown as Setting;
const unavailable = { name: 'TenantScopeError', code: 'tenant_row_unavailable' };
const optional = { ...text, nullable: true } as const;
const person = {
  name: 'Person',
  columns: { tenantId, id, email: { ...optional, unique: true }, badge: optional, title: optional },
  uniques: [{ columns: ['tenantId', 'badge'] }],
};

// They overwrite the row that they meet by any unique key.
describe.each([...settings.filter(({ database }) => database === 'MariaDB'), oldest])(
  'T3: upserts, TypeORM $version on MariaDB',
  (setting) => {
    const all = 'select id, "tenantId" as t, email, badge, title from person order by id';
    const withPeople = (work: Parameters<typeof withEntities>[2]) =>
      withEntities(setting, [person], async (source, outside) => {
        for (const { id: tenant, slug } of tenants)
          await outside(
            `insert into person ("tenantId", id, email, badge, title) values ('${tenant}', '${slug}-1', '${slug}@x', '1', 'old'), ('${tenant}', '${slug}-2', '${slug}2@x', '2', 'old')`,
          );
        await work(source, outside);
      });

    it('overwrite own rows by whichever key, and tell how many and which as ever', () =>
      withPeople(async (source, outside) => {
        const people = source.getRepository('Person');
        const answers = await context.run(acme, async () => [
          await people.upsert({ id: 'acme-1', email: 'acme@x', title: 'a' }, ['id']),
          await people.upsert({ id: 'acme-1', email: 'acme@x', title: 'a' }, ['id']),
          await people.upsert({ id: 'acme-1', email: 'acme@y', badge: '1', title: 'b' }, ['tenantId', 'badge']),
          await people.upsert(
            [
              { id: 'acme-3', email: 'acme2@x', title: 'c' },
              { id: 'acme-4', title: 'd' },
            ],
            ['email'],
          ),
        ]);
        expect(answers.map(({ raw }) => [raw.affectedRows, raw.insertId, raw.warningStatus])).toEqual([
          [2, 0, 0],
          [1, 0, 0],
          [2, 0, 0],
          [3, 0, 0],
        ]);
        const t = acme.id;
        expect((await outside(all)).filter((row) => row['t'] === t)).toEqual([
          { t, id: 'acme-1', email: 'acme@y', badge: '1', title: 'b' },
          { t, id: 'acme-3', email: 'acme2@x', badge: '2', title: 'c' },
          { t, id: 'acme-4', email: null, badge: null, title: 'd' },
        ]);
      }));

    it("fail whole at another tenant's row, whichever key it is met by", () =>
      withPeople(async (source, outside) => {
        const before = await outside(all);
        const people = source.getRepository('Person');
        const fresh = { id: 'fresh', email: 'fresh@x', title: 'taken' };
        const own = { id: 'acme-1', email: 'acme@x', title: 'changed' };
        const hidden = () => "' ON DUPLICATE KEY UPDATE '";
        const insert = (rows: object | object[]) => people.createQueryBuilder().insert().values(rows);
        for (const taken of [
          { id: 'globex-1', email: 'other@x', title: 'taken' },
          { id: 'other', email: 'globex@x', title: 'taken' },
          { id: 'globex-1', email: 'globex2@x', title: 'taken' },
          { id: 'globex-1', email: 'other@x', title: hidden },
        ]) {
          await context.run(acme, async () => {
            for (const rows of [[taken], [fresh, own, taken], [taken, own]]) {
              for (const key of ['id', 'email'])
                await expect(people.upsert(rows, [key])).rejects.toMatchObject(unavailable);
              const title = insert(rows).orUpdate(['title'], ['id']);
              await expect(title.execute()).rejects.toMatchObject(unavailable);
              await source.transaction(async (manager) => {
                await manager.insert('Person', { id: 'before' });
                await expect(manager.upsert('Person', rows, ['id'])).rejects.toMatchObject(unavailable);
                expect(await manager.findBy('Person', { title: 'old' })).toHaveLength(2);
                await manager.delete('Person', { id: 'before' });
              });
            }
          });
          expect(await outside(all)).toEqual(before);
        }
        // Of an own row it is known which one it is, and then its new value is taken.
        await context.run(acme, () =>
          expect(people.upsert({ ...own, email: 'globex@x' }, ['id'])).rejects.toMatchObject({
            name: 'QueryFailedError',
          }),
        );
        await context.run(acme, () =>
          expect(people.upsert({ id: 'x', tenantId: globex.id }, ['id'])).rejects.toMatchObject({
            code: 'tenant_conflict',
          }),
        );
        await context.run(acme, () =>
          expect(insert(own).orUpdate(['nothing'], ['id']).execute()).rejects.toMatchObject({ code: 'scope_refused' }),
        );
        expect(await outside(all)).toEqual(before);
      }));

    it('of several tenants at once, for one key, one is done and stays as it was written', () =>
      withPeople(async (source, outside) => {
        const people = source.getRepository('Person');
        for (let round = 0; round < 8; round += 1) {
          const email = `round${round}@x`;
          const done = await Promise.allSettled(
            [...tenants, ...tenants].map((tenant, n) =>
              context.run(tenant, () =>
                people.upsert(
                  [
                    { id: `${email}-${tenant.slug}-before`, title: `${n}` },
                    { id: `${email}-${tenant.slug}`, email, title: tenant.slug },
                  ],
                  ['email'],
                ),
              ),
            ),
          );
          const [row, ...others] = await outside(`select "tenantId" as t, title from person where email = '${email}'`);
          expect(others).toEqual([]);
          const winner = tenants.find((tenant) => tenant.id === row?.['t']);
          expect(row?.['title']).toBe(winner?.slug);
          for (const [n, result] of done.entries()) {
            const isWinner = tenants[n % 2] === winner;
            if (isWinner) continue;
            expect(result).toMatchObject({ status: 'rejected' });
            expect(await outside(`select 1 from person where id like '${email}-${tenants[n % 2]?.slug}%'`)).toEqual([]);
          }
        }
      }));
  },
);
