import type { Tenant } from '@tenancy/core';
import { type Isolation, rowLevelSecurity, schemaPerTenant } from '@tenancy/postgres';
import { type CodeMigration, eachSchema, migrate, sqlFiles, type Tenants } from '@tenancy/postgres/migrations';
import { type PlaceKind, type TenantPlaces, tenantPlaces } from '@tenancy/postgres/tenants';
import pg from 'pg';

/** The home of companies' rows: `rows` of tables that all share, or the same tables in `schemas` of their own. */
export type IsolationKind = 'rows' | 'schemas';

/** A database, as those see it who change its tables. */
export interface MigratedDatabase {
  readonly adminDatabaseUrl: string;
  /** The role that the application connects as. */
  readonly role: string;
  /** @defaultValue those of this application */
  readonly migrations?: URL;
}

/** All that is different where companies are kept in another way. */
export interface CompanyIsolation {
  /** For the connections of the application, whatever ORM sends through them. */
  ofPool(): Isolation;
  /** The schema that has a company's tables. */
  schemaOf(company: Pick<Tenant, 'id'>): string;
  /** The home of a new company, and what makes it. */
  readonly kind: PlaceKind;
  places(database: MigratedDatabase): TenantPlaces;
  /** Brings the platform's tables up to date, with the application's role, and then those of these companies. */
  migrate(database: MigratedDatabase, companies: Tenants): Promise<void>;
}

export const isolations: Readonly<Record<IsolationKind, CompanyIsolation>> = {
  rows: {
    ofPool: () => rowLevelSecurity(),
    schemaOf: () => 'public',
    kind: 'rows',
    places: ({ adminDatabaseUrl: connection, role, migrations = MIGRATIONS }) =>
      tenantPlaces({ servers: { main: { connection } }, role, migrations }),
    async migrate({ adminDatabaseUrl: connection, role, migrations = MIGRATIONS }) {
      await migrate({ connection, directory: migrations, policies: { role } });
    },
  },
  schemas: {
    ofPool: () => schemaPerTenant({ name: ownSchema }),
    schemaOf: ownSchema,
    kind: 'schema',
    places: ({ adminDatabaseUrl: connection, role, migrations = MIGRATIONS }) =>
      tenantPlaces({
        servers: { main: { connection } },
        role,
        migrations: filesOf(migrations, (name) => !name.endsWith(PLATFORM)),
        schema: ownSchema,
      }),
    async migrate({ adminDatabaseUrl: connection, role, migrations = MIGRATIONS }, tenants) {
      const platform = filesOf(migrations, (name) => name.endsWith(PLATFORM));
      await migrate({ connection, migrations: { read: async () => [roleOf(role), ...(await platform.read())] } });
      const own = filesOf(migrations, (name) => !name.endsWith(PLATFORM));
      const targets = eachSchema({ tenants, name: ownSchema, role });
      await migrate({ connection, migrations: own, policies: { role }, targets });
    },
  },
};

const MIGRATIONS = new URL('../../migrations/', import.meta.url);
/** Ends the names of files about what belongs to no company. */
const PLATFORM = '.platform.sql';

function ownSchema({ id }: Pick<Tenant, 'id'>): string {
  return `tenant_${id}`;
}

/** The application's role, which policies would make. It has no right on the platform's tables. */
function roleOf(role: string): CodeMigration {
  const name = pg.escapeIdentifier(role);
  const sql = `
    do $$ begin
      if to_regrole(${pg.escapeLiteral(name)}) is null then create role ${name} login; end if;
      execute format('revoke temporary on database %I from public', current_database());
    end $$`;
  return { name: '0000_role', run: async (client) => void (await client.query(sql)) };
}

function filesOf(directory: URL, isWanted: (name: string) => boolean) {
  return { read: async () => (await sqlFiles(directory).read()).filter(({ name }) => isWanted(name)) };
}
