import { provisionPlan, provisionTenant, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
import pg from 'pg';
import { REAL } from '../migrate/migrations.js';

/** Makes the tenants of these slugs one after another, each with a schema of its own, and answers with the milliseconds of each. */
export type Way = (url: string, slugs: readonly string[]) => Promise<readonly number[]>;

const ROLE = 'app';

const placesOf = (url: string) =>
  tenantPlaces({ servers: { main: { connection: url } }, role: ROLE, migrations: { read: async () => REAL } });

/** The text that makes a schema, with its lines in the ledger and its rights: as it is, or each of its statements by itself. */
export const text =
  ({ isOne }: { readonly isOne: boolean }): Way =>
  async (url, slugs) => {
    const directory = new TenantDirectory({ connection: url });
    await directory.install();
    const at = { server: 'main', kind: 'schema' } as const;
    try {
      // The first one makes the ledger.
      await provisionTenant({ directory, places: placesOf(url), tenant: { slug: 'first' }, at });
      const plan = { directory, places: placesOf(url), tenant: { slug: 'planned', id: 'planned' }, at };
      const { sql } = await provisionPlan(plan);
      return await withClient(url, (client) =>
        timed(slugs, async (slug) => {
          const own = sql.replaceAll('tenant_planned', `tenant_${slug}`);
          for (const part of isOne ? [own] : own.split('\n;')) if (part.trim() !== '') await client.query(part);
        }),
      );
    } finally {
      await directory.close();
    }
  };

/** Everything that it does: the entry in the directory, the schema, ten migrations with their lines in the ledger, rights, the event. */
export const ours: Way = async (url, slugs) => {
  const directory = new TenantDirectory({ connection: url });
  await directory.install();
  const places = placesOf(url);
  try {
    return await timed(slugs, (slug) =>
      provisionTenant({ directory, places, tenant: { slug }, at: { server: 'main', kind: 'schema' } }),
    );
  } finally {
    await directory.close();
  }
};

/** As one writes it first: a connection for each tenant, and each statement by itself, in a transaction for each migration or in one of all. */
export const statements =
  ({ isOne }: { readonly isOne: boolean }): Way =>
  async (url, slugs) => {
    await withClient(url, (client) =>
      client.query(`create table tenant (slug text primary key, status text not null);
        create table migration (schema text, name text, applied_at timestamptz not null default now(), primary key (schema, name))`),
    );
    return timed(slugs, (slug) =>
      withClient(url, async (client) => {
        const schema = pg.escapeIdentifier(`tenant_${slug}`);
        const then = async (...texts: readonly string[]) => {
          for (const text of texts) await client.query(text);
        };
        await then('begin', `insert into tenant values ('${slug}', 'provisioning')`, 'commit', 'begin');
        await then(`create schema ${schema}`, `set search_path to ${schema}`);
        for (const { name, sql } of REAL) {
          if (!isOne) await then('commit', 'begin');
          await then(...sql.split('; '));
          await then(`insert into public.migration (schema, name) values ('${slug}', '${name}')`);
        }
        await then(
          `grant usage on schema ${schema} to ${ROLE}`,
          ...['tables', 'sequences', 'routines'].map(
            (kind) => `grant all on all ${kind} in schema ${schema} to ${ROLE}`,
          ),
          `update public.tenant set status = 'active' where slug = '${slug}'`,
          'commit',
        );
      }),
    );
  };

async function withClient<R>(url: string, work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return work(client).finally(() => client.end());
}

async function timed(slugs: readonly string[], work: (slug: string) => Promise<unknown>): Promise<readonly number[]> {
  const all: number[] = [];
  for (const slug of slugs) {
    const begin = performance.now();
    await work(slug);
    all.push(performance.now() - begin);
  }
  return all;
}
