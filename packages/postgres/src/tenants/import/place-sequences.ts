import type { ClientBase } from 'pg';
import type { PlaceKind } from '../../isolation/tenant-place.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import { archiveRefused } from '../archive/archive-refused.js';
import type { ArchiveManifest } from '../archive/manifest.js';
import { forward, type Sequence, schemasOf, sequencesOf } from '../move/sequences.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';

/**
 * Brings sequences behind what the tenant has (O33), and never back. In a place of its own that is where they were; one that others share has to
 * be behind the numbers in its rows alone, wherever another installation's was.
 *
 * @throws TenantsError `archive_refused` for a sequence that is not here; `place_unusable` where others' would be half used up.
 */
export async function placeSequences(
  client: ClientBase,
  kind: PlaceKind,
  tables: readonly PlacedTable[],
  tenant: string,
  manifest: ArchiveManifest,
): Promise<void> {
  const lasts = new Map(manifest.sequences.map(({ name, last }) => [name, last]));
  const sequences = await sequencesOf(client, schemasOf(tables));
  const unknown = [...lasts.keys()].find((name) => !sequences.some((sequence) => sequence.name === name));
  if (unknown !== undefined) throw archiveRefused(`there is no sequence ${JSON.stringify(unknown)} here`);
  for (const sequence of sequences) {
    const columns = await drawnBy(client, sequence, tables);
    const used = columns.length === 0 ? null : await farthest(client, sequence, columns, tenant);
    const archived = lasts.get(sequence.name) ?? null;
    if (kind === 'rows') {
      const last = columns.length === 0 ? archived : used;
      if (isUsedUp(sequence, last)) throw usedUp(sequence, last);
      await forward(client, sequence, last);
    } else {
      await forward(client, sequence, archived);
      // Numbers that were written by hand would come again. One far off, which the sequence would not come to, is left alone.
      if (!isUsedUp(sequence, used)) await forward(client, sequence, used);
    }
  }
}

interface DrawnColumn {
  readonly table: PlacedTable;
  readonly column: string;
}

/** Columns that take their numbers from a sequence: identities, serials, and those with a default by it. */
const DRAWN = `select distinct n.nspname as schema, c.relname as name, a.attname as column from (
    select d.refobjid as relation, d.refobjsubid as number from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = $1::regclass
      and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
    union select e.adrelid, e.adnum from pg_depend d join pg_attrdef e on e.oid = d.objid
      where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = $1::regclass) drawn
  join pg_class c on c.oid = relation join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = relation and a.attnum = number and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)`;

async function drawnBy(
  client: ClientBase,
  sequence: Sequence,
  tables: readonly PlacedTable[],
): Promise<readonly DrawnColumn[]> {
  const found = await readJson<{ readonly schema: string; readonly name: string; readonly column: string }>(
    client,
    DRAWN,
    [quoteQualified(sequence)],
  );
  return found.flatMap(({ schema, name, column }) => {
    const table = tables.find((one) => one.schema === schema && one.name === name);
    return table ? [{ table, column }] : [];
  });
}

async function farthest(
  client: ClientBase,
  { step }: Sequence,
  columns: readonly DrawnColumn[],
  tenant: string,
): Promise<string | null> {
  const most = BigInt(step) > 0n ? 'max' : 'min';
  const each = columns.map(
    ({ table, column }) =>
      `select ${most}(${quoteIdentifier(column)}::int8) as n from ${quoteQualified(table)} where ${isOwn(table, tenant)}`,
  );
  const [found] = await ask<'last'>(client, `select ${most}(n) as last from (${each.join(' union all ')}) each`);
  return found?.last ?? null;
}

/** True where more than half of what is left of a sequence would be gone. */
function isUsedUp({ step, next, most }: Sequence, last: string | null): boolean {
  if (last === null || BigInt(step) < 0n) return false;
  return BigInt(last) - BigInt(next) > (BigInt(most) - BigInt(next)) / 2n;
}

/** An archive of anybody's must not take the numbers of all others. */
function usedUp(sequence: Sequence, last: string | null): TenantsError {
  return new TenantsError(
    'place_unusable',
    `numbers of the tenant go up to ${last}, by which more than half of what is left of the sequence ${quoteQualified(sequence)} would be gone for everybody. ` +
      'Nothing was imported. Import it into a schema or a database of its own.',
  );
}
