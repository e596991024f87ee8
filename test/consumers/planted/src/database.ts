import { DataSource } from 'typeorm';

/** Nothing but SQL, as an application sends it that uses none of the adapters. */
export const database = new DataSource({ type: 'sqljs' });

export async function createTables(): Promise<void> {
  await database.initialize();
  await database.query(
    'create table job (id integer primary key, tenant_id text not null, title text not null, closed integer not null default 0)',
  );
}
