import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import {
  abandonMove,
  finishMove,
  isTenantsError,
  type MoveProgress,
  moveTenant,
  type TenantPlace,
} from '../../src/tenants.js';
import { MoveFixture } from './move-fixture.js';
import { KEYS_OF_EVERY_TYPE, VALUES_OF_EVERY_TYPE } from './move-input-values.js';
import { EVERYWHERE, INPUTS, type MoveInput } from './move-inputs.js';

/** A connection to a place as the tenant has it, by the role that owns everything. */
async function inPlace<R>(
  fixture: MoveFixture,
  tenant: string,
  place: TenantPlace,
  work: (client: pg.Client) => Promise<R>,
): Promise<R> {
  const client = new pg.Client(fixture.places.connectionTo(place));
  await client.connect();
  try {
    await client.query(
      `select set_config('app.tenant_id', ${pg.escapeLiteral(tenant)}, false), set_config('timezone', 'UTC', false)`,
    );
    if (place.kind === 'schema')
      await client.query(`set search_path = ${pg.escapeIdentifier(place.name as string)}, public`);
    return await work(client);
  } finally {
    await client.end();
  }
}

/** All rows of a tenant as text, by the table, in whatever order. */
function rowsOf(fixture: MoveFixture, tenant: string, place: TenantPlace): Promise<readonly string[]> {
  return inPlace(fixture, tenant, place, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select distinct a.attrelid::regclass::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid
        where a.attname = 'tenant_id' and c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = any (
          case when $1 then array(select oid from pg_namespace where nspname = current_schema()) else array[to_regnamespace('public')::oid, to_regnamespace('crm')::oid] end) order by 1`,
      [place.kind === 'schema'],
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        `select (x.*)::text as row from only ${name} x where tenant_id::text = $1 union all
          select (x.*)::text from ${name} x where tenant_id::text = $1 and (select relkind from pg_class where oid = $2::regclass) = 'p'`,
        [tenant, name],
      );
      found.push(...rows.map(({ row }) => `${name} ${row}`));
    }
    return found.sort();
  });
}

async function moved(fixture: MoveFixture, { tenant = 'a', changes = 'select' }: MoveInput, to: MoveInput['way']) {
  const { directory, places } = fixture;
  for (const [server, kind] of to ?? EVERYWHERE) {
    const { place } = await directory.get(tenant);
    const before = await rowsOf(fixture, tenant, place);
    expect(before.length).toBeGreaterThan(0);
    const end = new AbortController();
    const onProgress = ({ step }: MoveProgress) => {
      if (step === 'check') end.abort();
    };
    const options = { directory, places, tenant, to: { server, kind } };
    await expect(moveTenant({ ...options, onProgress, signal: end.signal })).rejects.toMatchObject({
      code: 'operation_interrupted',
    });
    await inPlace(fixture, tenant, place, (client) => client.query(changes));
    const after = await rowsOf(fixture, tenant, place);
    if (changes !== 'select' && place.kind === 'rows' && place.server === 'main') expect(after).not.toEqual(before);
    const result = await moveTenant(options);
    expect(await rowsOf(fixture, tenant, result.to)).toEqual(after);
    await finishMove({ directory, places, tenant });
    if (place.kind === 'rows') expect(await rowsOf(fixture, tenant, place)).toEqual([]);
  }
}

describe('what is moved', () => {
  it.each([...INPUTS, VALUES_OF_EVERY_TYPE, KEYS_OF_EVERY_TYPE])('$title', async (input) => {
    const { tables, rows, tenant = 'a', policies = {}, isNew, refused, way } = input;
    const fixture = await MoveFixture.start(isNew ? inject('postgresUrl') : undefined, tables, policies);
    try {
      const { directory, places } = fixture;
      await directory.create({ id: tenant, slug: 'the-tenant' });
      const main: TenantPlace = { server: 'main', kind: 'rows', name: null };
      await inPlace(fixture, tenant, main, (client) => client.query(rows));
      if (!refused) return await moved(fixture, input, way);
      const [[server, kind], ...others] = (way ?? EVERYWHERE) as [(typeof EVERYWHERE)[number], ...typeof EVERYWHERE];
      const before = await rowsOf(fixture, tenant, main);
      await expect(moveTenant({ directory, places, tenant, to: { server, kind } })).rejects.toSatisfy(
        (error) =>
          isTenantsError(error, 'place_unusable') &&
          refused.test(error.message) &&
          /Nothing was done/.test(error.message),
      );
      expect([...(await fixture.left('main')), ...(await fixture.left('eu2'))]).toEqual([]);
      expect(await rowsOf(fixture, tenant, main)).toEqual(before);
      await expect(abandonMove({ directory, places, tenant })).rejects.toMatchObject({ code: 'tenant_state_refused' });
      if (others.length > 0) await moved(fixture, input, others);
    } finally {
      await fixture.stop();
    }
  });
});
