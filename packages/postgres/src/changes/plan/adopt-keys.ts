import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ChangeError } from './change-error.js';
import { indexStep } from './create-index.js';
import { isWithout, readUniqueKeys, twinName } from './key-catalog.js';
import type { Step, TableName } from './step.js';

/** The unique keys of a table, each of which gets a twin that begins with the tenant. */
export interface AdoptKeys {
  readonly kind: 'adopt keys';
  readonly table: TableName;
  readonly column: string;
  readonly type: string;
}

/** The old ones of them, which know no tenant, to be dropped. */
export interface DropOldKeys {
  readonly kind: 'drop old keys';
  readonly table: TableName;
  readonly column: string;
}

/** O31: a primary key that is referred to cannot be swapped. The twin comes beside it, as an index that becomes a constraint. */
export async function adoptKeysSteps(client: ClientBase, change: AdoptKeys, id: string): Promise<Step[]> {
  const { table, column, type } = change;
  const steps: Step[] = [];
  for (const key of await readUniqueKeys(client, table)) {
    if (!isWithout(column, key.columns)) continue;
    const twin = twinName(key.index);
    await requireFree(client, { schema: table.schema, name: twin });
    const tenant = quoteIdentifier(column);
    const body = `using ${quoteIdentifier(key.method)} (${tenant}, ${key.rest}`;
    const add = (probe: string) => `alter table ${probe} add column if not exists ${tenant} ${type}`;
    const step = await indexStep(client, { table, index: twin, isUnique: true, body }, id, add);
    steps.push({ ...step, name: `unique index ${twin}` });
    if (key.constraint === null) continue;
    const alter = `alter table ${quoteQualified(table)}`;
    const name = quoteIdentifier(twin);
    steps.push({
      ...{ kind: 'statement', name: `unique ${twin}`, table, isExclusive: true },
      sql: [`${alter} add constraint ${name} unique using index ${name}${key.isPrimary ? '' : key.deferrable}`],
      undo: [`${alter} drop constraint if exists ${name}`],
    });
  }
  return steps;
}

/** @throws `change_impossible` where something else has the name. */
async function requireFree(client: ClientBase, name: TableName): Promise<void> {
  const sql =
    'select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2';
  if ((await client.query(sql, [name.schema, name.name])).rowCount === 0) return;
  throw new ChangeError(
    'change_impossible',
    `a key with the tenant is to have the name ${quoteQualified(name)}, and something else has it. Nothing was done. Rename that, or drop it.`,
  );
}

/** The primary key stays: tools and upserts name a row by it. */
export async function dropOldKeysSteps(client: ClientBase, { table, column }: DropOldKeys): Promise<Step[]> {
  const keys = await readUniqueKeys(client, table);
  return keys
    .filter((key) => isDroppable(key) && isWithout(column, key.columns))
    .map(({ index, constraint }) => ({
      ...{ kind: 'statement', name: `drop ${index}`, table, isExclusive: true, undo: [] },
      sql: [
        constraint === null
          ? `drop index if exists ${quoteQualified({ schema: table.schema, name: index })}`
          : `alter table ${quoteQualified(table)} drop constraint if exists ${quoteIdentifier(constraint)}`,
      ],
    }));
}

/** False for a key by which something else names the rows. */
export function isDroppable(key: { readonly isPrimary: boolean; readonly isReplicaIdentity: boolean }): boolean {
  return !key.isPrimary && !key.isReplicaIdentity;
}
