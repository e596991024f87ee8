import { type ClientBase, Query, type QueryConfig } from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { provisionTenant } from '../../src/tenants.js';
import type { ProvisionDatabase } from '../tenants/provision-database.js';
import type { Attack } from './attack-texts.js';

/** A text that was sent, and the harm that it did. */
export interface Struck extends Attack {
  readonly harm: 'none' | 'read' | 'changed' | 'left on the session';
  /** The code of its refusal; PostgreSQL's own, or `ran`. */
  readonly code: string;
}

type Send = (client: ClientBase, text: string) => Promise<unknown>;

/** Doors of the driver by which a text is sent. */
export const DOORS: readonly (readonly [string, Send])[] = [
  ['a text', async (client, text) => (await client.query(text)).rows],
  ['values', async (client, text) => (await client.query(text, [])).rows],
  ['rowMode', async (client, text) => (await client.query({ text, rowMode: 'array' })).rows],
  ['a name', async (client, text) => (await client.query({ text, name: `n${text.length}${text.slice(0, 20)}` })).rows],
  ['binary', async (client, text) => (await client.query({ text, binary: true } as QueryConfig)).rows],
  [
    'a callback',
    (client, text) =>
      new Promise((resolve, reject) =>
        client.query(text, (error: Error | null, found: { readonly rows: unknown[] }) =>
          error ? reject(error) : resolve(found.rows),
        ),
      ),
  ],
  [
    'a Query',
    (client, text) => {
      const rows: unknown[] = [];
      return new Promise((resolve, reject) => {
        client
          .query(new Query(text))
          .on('row', (row) => rows.push(row))
          .on('error', reject)
          .on('end', () => resolve(rows));
      });
    },
  ],
  [
    'a cursor',
    async (client, text) => {
      const cursor = client.query(new Cursor(text));
      const rows = await cursor.read(20);
      await cursor.close();
      return rows;
    },
  ],
  [
    'a stream',
    async (client, text) => {
      const rows: unknown[] = [];
      for await (const row of client.query(new QueryStream(text))) rows.push(row);
      return rows;
    },
  ],
];

/** The row of somebody else. */
export const CANARY = 'of globex';
const REFUSED = ['tenant_switch_refused', 'statement_refused', 'operation_failed'];
const DEAD = ['tenant_switch_refused', 'operation_failed'];

/** A database with a tenant that must not be reached, and a trigger that writes down in what session a tenant is entered after its seed. */
export async function prepareVictim(database: ProvisionDatabase): Promise<void> {
  await provision(
    database,
    'globex',
    async (client) => void (await client.query(`insert into job (title) values ('${CANARY}')`)),
  );
  const { pathname } = new URL(database.url);
  await database.outside.query(`
    grant temporary on database "${pathname.slice(1)}" to ${database.role};
    create function victims() returns text language sql security definer
      as $$ select string_agg(j::text, ',' order by id) from public.job j where tenant_id = 'globex' $$;
    create table seen (id text, session jsonb);
    create function sees() returns trigger language plpgsql as $f$ begin
      insert into public.seen values (new.id, jsonb_build_object('user', current_user, 'login', session_user,
        'tenant', current_setting('app.tenant_id', true) = new.id, 'own', nullif(current_setting('app.user_id', true), ''),
        'temporary', (select count(*) from pg_catalog.pg_class where relnamespace = pg_catalog.pg_my_temp_schema()),
        'cursors', (select count(*) from pg_catalog.pg_cursors where is_holdable),
        'prepared', (select count(*) from pg_catalog.pg_prepared_statements where from_sql)
        ) || (select pg_catalog.jsonb_object_agg(name, setting) from pg_catalog.pg_settings where name not like 'plpgsql.%'));
      return null;
    end $f$;
    create trigger sees after update on tenancy.tenant for each row when (new.status = 'active') execute function sees()`);
}

let provisioned = 0;

function provision(database: ProvisionDatabase, id: string, seed: (client: ClientBase) => Promise<void>) {
  return provisionTenant({
    ...{ directory: database.directory, places: database.places(), at: { server: 'main', kind: 'rows' } },
    ...{ tenant: { slug: id, id }, seed },
  });
}

/** Sends each text in a seed, one after the other in the same one for as long as it is not ended by them. */
export async function struckSeeds(database: ProvisionDatabase, attacks: readonly Attack[]): Promise<readonly Struck[]> {
  const struck: Struck[] = [];
  while (struck.length < attacks.length) {
    provisioned += 1;
    const own = `t${provisioned}`;
    await provision(database, own, async (client) => {
      const { rows } = await client.query('select victims() as before');
      for (const attack of attacks.slice(struck.length)) {
        const [, send] = DOORS[struck.length % DOORS.length] as (typeof DOORS)[number];
        await client.query('savepoint attack');
        let answer: unknown;
        const code = await send(client, attack.text.replaceAll('OWN TENANT', own)).then(
          (found) => {
            answer = found;
            return 'ran';
          },
          (error) => String(error.code ?? error.message),
        );
        const more: unknown[] = [];
        if (code === 'ran') {
          for (const text of ['select title from job', `update job set title = 'harmed' returning title`]) {
            await client.query(text).then(
              (found) => more.push(found.rows),
              () => {},
            );
          }
        }
        const after = code === 'ran' ? await client.query('select victims() as after').catch(() => null) : null;
        const isRead = JSON.stringify([answer, more]).includes(CANARY);
        const isChanged = after !== null && after.rows[0].after !== rows[0].before;
        struck.push({ ...attack, code, harm: isRead ? 'read' : isChanged ? 'changed' : 'none' });
        // Where the seed is over, this tells.
        await client.query('rollback to savepoint attack');
        await client.query('release savepoint attack');
      }
    }).catch((error: { readonly code?: string }) => {
      if (!DEAD.includes(error.code ?? '')) throw error;
    });
  }
  return struck;
}

/** Sends a text as the whole of a seed, and looks at the session in which the tenant is entered. */
export async function sessionAfter(
  database: ProvisionDatabase,
  text: string,
): Promise<Readonly<Record<string, unknown>> | string> {
  provisioned += 1;
  const id = `t${provisioned}`;
  const end = await provision(database, id, async (client) => void (await client.query(text))).then(
    () => null,
    (error) => String(error.code),
  );
  const { rows } = await database.outside.query('select session from seen where id = $1', [id]);
  return rows[0]?.session ?? end;
}

export const isRefused = ({ code }: Pick<Struck, 'code'>) => REFUSED.includes(code);
