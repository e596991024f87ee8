import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import { isOwn } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import { countAndHash } from './count-and-hash.js';
import { PINNED, rowsOf } from './row-source.js';
import type { Portion } from './touched.js';
import type { Sides } from './transfer.js';

/**
 * Counts and hashes rows of the source's open snapshot and of the target.
 *
 * @throws TenantsError `operation_failed` where they differ, with the names of the tables.
 */
export async function compare({ tenant, source, target }: Sides, portions: readonly Portion[]): Promise<void> {
  await target.query(`begin; ${PINNED}`);
  try {
    for (const { pair, from, to } of portions) {
      const [left, right] = await Promise.all([
        countAndHash(source, rowsOf(pair.from, pair.columns, tenant, from)),
        countAndHash(target, rowsOf(pair.to, pair.columns, tenant, to)),
      ]);
      if (left.rows === right.rows && left.hash === right.hash) continue;
      throw new TenantsError(
        'operation_failed',
        `both sides differ: ${quoteQualified(pair.from)} has ${left.rows} rows, and ${quoteQualified(pair.to)} has ${right.rows}` +
          `${left.rows === right.rows ? ', some of them with other values' : ''}. Nothing was switched: the tenant is where it was. ` +
          'Look for what writes there beside the move, end it with `abandonMove`, and begin it again.',
      );
    }
  } finally {
    await target.query('rollback');
  }
}

interface ForeignKey {
  readonly name: string;
  readonly relation: string;
  readonly referred: string;
  readonly columns: readonly string[];
  readonly keys: readonly string[];
}

/** Those that hold; newer servers also have such as are not enforced, and such as are about periods. */
const FOREIGN_KEYS = `select f.conname as name, f.conrelid::regclass::text as relation, f.confrelid::regclass::text as referred,
    (select json_agg(a.attname order by k.n) from unnest(f.conkey) with ordinality k (number, n)
      join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number) as columns,
    (select json_agg(a.attname order by k.n) from unnest(f.confkey) with ordinality k (number, n)
      join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number) as keys
  from pg_constraint f where f.contype = 'f' and f.conrelid = $1::regclass and f.convalidated
    and coalesce((to_jsonb(f) ->> 'conenforced')::boolean, true) and not coalesce((to_jsonb(f) ->> 'conperiod')::boolean, false)`;

/**
 * Looks whether each row of the target that refers to another one finds it: no trigger did when it was copied (O36).
 *
 * @throws TenantsError `place_unusable` with the name of the foreign key.
 */
export async function checkReferences({ tenant, target }: Sides, portions: readonly Portion[]): Promise<void> {
  for (const { pair, to } of portions) {
    for (const { name, relation, referred, columns, keys } of await readJson<ForeignKey>(target, FOREIGN_KEYS, [
      quoteQualified(pair.to),
    ])) {
      const set = columns.map((column) => `t.${quoteIdentifier(column)} is not null`);
      const tied = columns.map((column, n) => `t.${quoteIdentifier(column)} = p.${quoteIdentifier(keys[n] as string)}`);
      const rows = `select * from ${relation} where ${isOwn(pair.to, tenant)} and ${to}`;
      const isDangling = await isTrue(
        target,
        `select exists (select 1 from (${rows}) t where ${set.join(' and ')}
          and not exists (select 1 from ${referred} p where ${tied.join(' and ')})) as answer`,
      );
      if (!isDangling) continue;
      throw new TenantsError(
        'place_unusable',
        `rows of ${relation} refer by the foreign key ${JSON.stringify(name)} to rows of ${referred} that are not there. Nothing was switched: the ` +
          'tenant is where it was. Bring tables that everybody reads to the same rows on both sides, and run again.',
      );
    }
  }
}
