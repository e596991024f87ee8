import { randomBytes } from 'node:crypto';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import type { CompilePoliciesOptions } from '../../src/policies/policy-options.js';

type Rows = readonly Record<string, unknown>[];

export type PolicyDatabase = Awaited<ReturnType<typeof openPolicyDatabase>>;

/** A database of its own, its superuser, and two roles that exist for this file alone. */
export async function openPolicyDatabase(schema: string) {
  const database = await createDatabase(inject('postgresUrl'));
  const outside = await connect({ connectionString: database.url });
  await outside.query(schema);
  const suffix = randomBytes(6).toString('hex');
  const roles = { role: `app_${suffix}`, adminRole: `admin_${suffix}` } as const;
  const opened: pg.Client[] = [];

  /** A login as one of the roles, as the application would make it. */
  const login = async (role: string) => {
    await outside.query(`alter role ${pg.escapeIdentifier(role)} password 'secret'`);
    // Not as a URL: some of the roles have names that no URL can carry.
    const { host, port } = outside;
    const client = await connect({ host, port, database: database.name, user: role, password: 'secret' });
    opened.push(client);
    return client;
  };
  const apply = async (options: Omit<CompilePoliciesOptions, 'role'>) => {
    const compiled = compilePolicies({ ...roles, ...options });
    await outside.query(compiled.sql);
    return compiled;
  };
  return {
    name: database.name,
    outside,
    /** One more connection as the superuser. */
    connect: () => connect({ connectionString: database.url }),
    roles,
    login,
    apply,
    rows: async (sql: string): Promise<Rows> => (await outside.query(sql)).rows,
    stop: async (...more: readonly string[]) => {
      await Promise.all([outside, ...opened].map((client) => client.end()));
      await database.stop({ roles: [...Object.values(roles), ...more] });
    },
  };
}

/** Runs one statement for a tenant, in a transaction that is committed or, when it fails, rolled back. */
export async function asTenant(client: pg.Client, tenant: string | null, sql: string, values: unknown[] = []) {
  await client.query('begin');
  try {
    if (tenant !== null) await client.query("select set_config('app.tenant_id', $1, true)", [tenant]);
    const result = await client.query(sql, values);
    await client.query('commit');
    return { rows: result.rows as Rows, count: result.rowCount };
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  // Dropping the database cuts off connections that are still saying goodbye.
  client.on('error', () => {});
  await client.connect();
  return client;
}
