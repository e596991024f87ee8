import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteLiteral } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { TenantsError } from '../tenants-error.js';

/** The application's role, and the setting by which its policies know the tenant. */
export interface Application {
  readonly role: string;
  readonly setting: string;
}

export function applicationOf({ role, policies: { setting = 'app.tenant_id' } }: TenantPlaces): Application {
  return { role, setting };
}

/** SQL around a statement, so that policies hold what triggers of the application do because of it. */
export interface AsApplication {
  readonly before: string;
  readonly after: string;
}

interface Found {
  readonly triggers: readonly string[];
  /** False where the role is not there, or the connection may not become it. */
  readonly mayBecome: boolean;
  readonly missing: readonly { readonly right: string; readonly some: boolean }[];
}

const SQL = `select (select coalesce(json_agg(distinct t.tgname), '[]') from pg_trigger t
      where (t.tgrelid = $1::regclass or t.tgrelid in (select relid from pg_partition_tree($1::regclass)))
        and not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 24 <> 0 and t.tgname !~ '^zzz_tenancy_') as triggers,
    exists (select from pg_roles o where o.rolname = $2
      and case when current_setting('server_version_num')::int < 160000 then pg_has_role(o.oid, 'member') else pg_has_role(o.oid, 'set') end) as "mayBecome",
    (select coalesce(json_agg(json_build_object('right', r, 'some', r <> 'delete' and has_any_column_privilege(o.oid, $1::regclass, r))), '[]')
      from pg_roles o, unnest(array['select', 'update', 'delete']) r
      where o.rolname = $2 and not has_table_privilege(o.oid, $1::regclass, r)) as missing`;

/**
 * How rows of `relation` are deleted where triggers of the application fire. They were written for code that policies hold: what a trigger deletes or
 * updates without naming the tenant would be everybody's, if it ran as whoever deletes.
 *
 * A right that the application lacks it has within the transaction alone.
 *
 * @returns null where no trigger fires
 * @throws TenantsError `place_unusable`.
 */
export async function asApplication(
  client: ClientBase,
  relation: string,
  { role, setting }: Application,
  tenant: string,
): Promise<AsApplication | null> {
  const [found] = await readJson<Found>(client, SQL, [relation, role]);
  if (!found || found.triggers.length === 0) return null;
  const { triggers, mayBecome, missing } = found;
  const some = missing.find((one) => one.some);
  if (!mayBecome || some) {
    throw new TenantsError(
      'place_unusable',
      `${relation} has the trigger ${triggers.join(', ')}, which has to run as the application's role ${JSON.stringify(role)} so that policies hold what it does, and ` +
        `${mayBecome ? `that role has ${some?.right.toUpperCase()} on some columns alone` : 'this connection is no member of it, or there is none'}. ` +
        `Nothing of this table was deleted. ${mayBecome ? 'Grant or revoke it for the whole table' : 'Grant that role to the one of the connection'}, or disable the trigger meanwhile.`,
    );
  }
  const [name, rights] = [quoteIdentifier(role), missing.map(({ right }) => right).join(', ')];
  const given =
    rights === ''
      ? ['', '']
      : [`grant ${rights} on ${relation} to ${name}; `, `; revoke ${rights} on ${relation} from ${name}`];
  return {
    before: `${given[0]}select set_config(${quoteLiteral(setting)}, ${quoteLiteral(tenant)}, true); set local row_security = on; set local role ${name}`,
    after: `set local role none; set local row_security = off${given[1]}`,
  };
}
