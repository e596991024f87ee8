import type { EachSchemaOptions, MigrationTargets } from '@tenancy/postgres/migrations';
import type { ClientConfig } from 'pg';
import { CliError } from '../errors/cli-error.js';

type Tenant = Parameters<NonNullable<EachSchemaOptions['name']>>[0];
type Connection = string | ClientConfig;

const OWN = ['kind', 'tenants', 'name', 'shared', 'role'];

/**
 * The targets of a JSON configuration, which has no functions: schemas, whose tenants are a list or the rows of a query.
 *
 * @throws CliError `config_wrong`.
 */
export async function jsonTargets(file: string, targets: unknown, connection: Connection): Promise<MigrationTargets> {
  const wrong = (what: string) => new CliError('config_wrong', `${file}: \`targets\` ${what}.`);
  if (typeof targets !== 'object' || targets === null) throw wrong('is no object');
  const { kind, tenants, name = 'tenant_{id}', ...more } = targets as Readonly<Record<string, unknown>>;
  if (kind !== 'schemas') {
    throw wrong('has no `"kind": "schemas"`. Databases of tenants need a function: use tenancy.config.ts for them');
  }
  const unknown = Object.keys(targets).find((key) => !OWN.includes(key));
  if (unknown !== undefined) throw wrong(`has \`${unknown}\`, which nobody reads. It may have ${OWN.join(', ')}`);
  if (typeof name !== 'string' || !/\{(id|slug)\}/.test(name)) {
    throw wrong('has a `name` that is the same for every tenant. Put {id} or {slug} into it');
  }
  const query = (tenants as { readonly query?: unknown } | null | undefined)?.query;
  if (!Array.isArray(tenants) && typeof query !== 'string') {
    throw wrong('has no `tenants`. Write `{ "query": "select id, slug from …" }`, or a list of `{ "id": "…" }`');
  }
  const { eachSchema } = await import('@tenancy/postgres/migrations');
  return eachSchema({
    tenants: {
      list: async function* () {
        const rows = typeof query === 'string' ? await rowsOf(connection, query) : (tenants as unknown[]);
        for (const row of rows) yield tenantOf(row, wrong);
      },
    },
    name: (tenant) => name.replaceAll('{id}', tenant.id).replaceAll('{slug}', tenant.slug),
    ...(more as Pick<EachSchemaOptions, 'shared' | 'role'>),
  });
}

function tenantOf(row: unknown, wrong: (what: string) => CliError): Tenant {
  const { id, slug } = (row ?? {}) as { readonly id?: unknown; readonly slug?: unknown };
  if (id === undefined || id === null || id === '') throw wrong('lists a tenant without `id`. Name the column so');
  return { id: String(id), slug: String(slug ?? id) };
}

async function rowsOf(connection: Connection, query: string): Promise<readonly unknown[]> {
  const { Client } = (await import('pg')).default;
  const client = new Client(typeof connection === 'string' ? { connectionString: connection } : connection);
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('set default_transaction_read_only = on');
    return (await client.query(query)).rows;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      'tenants_unlisted',
      `the query that lists the tenants failed: ${said}. See whether the database is there, and correct the query.`,
      { cause },
    );
  } finally {
    await client.end().catch(() => {});
  }
}
