import { TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import initSqlJs from 'sql.js';
import { DataSource, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { tenantScoped } from '../src/index.js';

const context = new TenantContext();
const as = <R>(id: string, work: () => R) => context.run({ id, slug: 'x' }, work);
const refused = { code: 'scope_refused' };

const versions = [
  ['1.x', DataSource, EntitySchema],
  // The two versions have the same options and no common types.
  ['0.3', DataSource03 as unknown as typeof DataSource, EntitySchema03 as unknown as typeof EntitySchema],
] as const;

interface Job {
  id: string;
  tenantId: string;
}

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

/** @param made - how the column really is, where a migration made the table; else TypeORM makes it. */
async function open(database: string, [, Source, Schema]: (typeof versions)[number], column: object, made?: string) {
  const server = database === 'PostgreSQL' ? await createDatabase(inject('postgresUrl')) : null;
  if (server) undo.push(() => server.stop());
  const connection = server
    ? { type: 'postgres', url: server.url, installExtensions: false }
    : { type: 'sqljs', driver: await initSqlJs() };
  const columns = { id: { type: String, primary: true }, tenantId: { type: String, ...column } } as const;
  const entities = [new Schema<Job>({ name: 'Job', columns: columns as never })];
  const source = new Source({ ...connection, entities } as never);
  undo.push(() => source.destroy());
  const make = async () => {
    if (!made) return source.synchronize();
    for (const sql of made.split(';')) await source.query(sql);
  };
  return { source, make, jobs: () => source.getRepository<Job>('Job') };
}

const LOOSE = `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`;
const table = (type: string) => `CREATE TABLE job (id varchar PRIMARY KEY, "tenantId" ${type})`;
type Case = readonly [database: string, name: string, column: object, made: string | undefined];
const loose: readonly Case[] = [
  ['PostgreSQL', 'citext, made by a migration', {}, `CREATE EXTENSION citext;${table('citext')}`],
  ['PostgreSQL', 'a domain over citext', {}, `CREATE EXTENSION citext;CREATE DOMAIN who AS citext;${table('who')}`],
  ['PostgreSQL', 'a nondeterministic collation', {}, `${LOOSE};${table('text COLLATE loose')}`],
  ['PostgreSQL', 'char(n)', {}, table('char(20)')],
  ['PostgreSQL', 'char(n), declared', { type: 'char', length: 20 }, undefined],
  ['SQLite', 'NOCASE, made by a migration', {}, table('varchar COLLATE NOCASE')],
  ['SQLite', 'RTRIM, made by a migration', {}, table('varchar COLLATE RTRIM')],
  ['SQLite', 'NOCASE, declared', { collation: 'NOCASE' }, undefined],
];
const exact: readonly Case[] = [
  ['PostgreSQL', 'varchar', {}, undefined],
  ['PostgreSQL', 'text with a deterministic collation', {}, table('text COLLATE "C"')],
  ['SQLite', 'varchar', {}, undefined],
  ['SQLite', 'BINARY', { collation: 'BINARY' }, undefined],
];

describe.each(versions)('typeorm-4: how a tenant column compares, TypeORM %s', (...version) => {
  it.each(loose)('%s, %s: ids that may be equal to it are refused', async (database, _name, column, made) => {
    const { source, make, jobs } = await open(database, version, column, made);
    await source.initialize();
    await make();
    await as('acme', async () => {
      // Without the scope they are equal to it.
      const ids =
        database === 'SQLite' && made?.includes('RTRIM')
          ? 'acme '
          : made?.includes('char(') || 'length' in column
            ? 'acme '
            : 'Acme';
      await jobs().insert({ id: '1', tenantId: ids });
      expect(await jobs().countBy({ tenantId: 'acme' })).toBe(1);
      await jobs().clear();
    });
    // Scoped when it is initialised already: the first query looks.
    tenantScoped(source, { context });
    for (const id of ['Acme', 'acme ', 'ácme'])
      await expect(
        as(id, () => jobs().find()),
        id,
      ).rejects.toMatchObject(refused);
    await as('t_acme-1', async () => {
      await jobs().insert({ id: '1' });
      expect(await jobs().find()).toMatchObject([{ id: '1' }]);
    });
  });

  it.each(exact)('%s, %s: ids are as they are', async (database, _name, column, made) => {
    const { source, make, jobs } = await open(database, version, column, made);
    await source.initialize();
    await make();
    tenantScoped(source, { context });
    for (const id of ['Acme', 'acme', 'acme ', 'ácme']) {
      await as(id, async () => {
        await source.transaction((manager) => manager.insert('Job', { id }));
        expect(await jobs().find()).toEqual([{ id, tenantId: id }]);
      });
    }
  });

  it.each(['PostgreSQL', 'SQLite'])(
    '%s: looked at when it is initialised, and anew after work on the schema',
    async (database) => {
      const { source, jobs } = await open(database, version, {});
      await tenantScoped(source, { context }).initialize();
      const entity = source.getMetadata('Job').columns.find(({ propertyName }) => propertyName === 'tenantId');
      await source.synchronize();
      await as('Acme', () => jobs().insert({ id: '1' }));
      await source.synchronize(true);
      Object.assign(entity as object, database === 'SQLite' ? { collation: 'NOCASE' } : { type: 'char', length: '20' });
      await source.synchronize(true);
      await expect(as('Acme', () => jobs().find())).rejects.toMatchObject(refused);
    },
  );

  it('PostgreSQL: a collation that ignores punctuation leaves letters and digits', async () => {
    const shifted = LOOSE.replace('und-u-ks-level2', 'und-u-ka-shifted-ks-level2');
    const { source, make, jobs } = await open('PostgreSQL', version, {}, `${shifted};${table('text COLLATE loose')}`);
    await source.initialize();
    await make();
    tenantScoped(source, { context });
    await expect(as('t_acme', () => jobs().find())).rejects.toMatchObject(refused);
    expect(await as('acme', () => jobs().find())).toEqual([]);
  });
});
