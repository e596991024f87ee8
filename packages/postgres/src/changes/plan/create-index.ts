import type { ClientBase } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { requireList, requireName } from '../../errors/require-arguments.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { explained } from './add-column.js';
import { type ChangedTable, definitionOf, requireOptional, tableNamed } from './changed-table.js';
import { indexSignature } from './index-signature.js';
import { enclosed } from './names.js';
import { probing } from './probe.js';
import type { IndexStep, TableName } from './step.js';
import { readTable } from './table-catalog.js';

/** Options of {@link createIndex}. */
export interface CreateIndexOptions {
  /** The table that it is of. */
  readonly table: ChangedTable;
  /** Its name. */
  readonly name: string;
  /**
   * The columns of its key, in this order.
   * @defaultValue `[]`, and then there is an `expression`
   */
  readonly columns?: readonly string[];
  /**
   * Its key as SQL writes it between the parentheses, in place of `columns`: `lower(title), created_at desc`.
   * @defaultValue none
   */
  readonly expression?: string;
  /**
   * True when no two rows may have the same key.
   * @defaultValue `false`
   */
  readonly unique?: boolean;
  /**
   * The condition of its rows, as SQL writes it.
   * @defaultValue all rows
   */
  readonly where?: string;
  /**
   * Its method: `gin`, for one.
   * @defaultValue `'btree'`
   */
  readonly using?: string;
}

/** An index to be created. */
export interface CreateIndex extends Omit<CreateIndexOptions, 'table'> {
  readonly kind: 'create index';
  readonly table: TableName;
}

/**
 * A new index, built while others write: of a partitioned table, on one partition after the other.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { createIndex } from '@tenancy/postgres/changes';
 *
 * const index = createIndex({ table: { name: 'job' }, name: 'job_by_tenant', columns: ['tenant_id', 'id'], unique: true });
 * ```
 */
export function createIndex(options: CreateIndexOptions): CreateIndex {
  const place = 'createIndex';
  const known = ['table', 'name', 'columns', 'expression', 'unique', 'where', 'using'];
  const given = definitionOf(place, options, known);
  requireName(place, 'name', given.name);
  quoteIdentifier(given.name);
  if (given.columns !== undefined) requireList(place, 'columns', given.columns, isColumn);
  for (const option of ['expression', 'where', 'using']) requireOptional(place, given, option, 'name');
  requireOptional(place, given, 'unique', 'boolean');
  if ((given.columns ?? []).length > 0 === (given.expression !== undefined)) {
    throw misconfigured(`${place}: a key is made of \`columns\` or of an \`expression\`. Pass one of them.`);
  }
  return { kind: 'create index', ...given, table: tableNamed(place, given.table) };
}

function isColumn(entry: unknown): boolean {
  return typeof entry === 'string' && entry !== '';
}

export async function createIndexSteps(client: ClientBase, change: CreateIndex, id: string): Promise<IndexStep[]> {
  const { table, name, columns = [], expression, unique = false, where, using = 'btree' } = change;
  const key = expression ?? columns.map(quoteIdentifier).join(', ');
  const body = `using ${quoteIdentifier(using)} ${enclosed(key)}${where === undefined ? '' : ` where ${enclosed(where)}`}`;
  return [await indexStep(client, { table, index: name, isUnique: unique, body }, id)];
}

/**
 * The step that builds an index.
 *
 * @param first - a statement about the empty copy on which it is tried, which may lack a column as yet
 */
export async function indexStep(
  client: ClientBase,
  { table, index, isUnique, body }: Pick<IndexStep, 'table' | 'index' | 'isUnique' | 'body'>,
  id: string,
  first?: (probe: string) => string,
): Promise<IndexStep> {
  const { isPartitioned } = await readTable(client, table, false);
  const signature = await probing(client, table, id, async (probe) => {
    if (first) await probe.query(first(probe.table));
    await probe.query(`create ${isUnique ? 'unique ' : ''}index on ${probe.table} ${body}`);
    const sql = `select ${indexSignature('i')} as signature from pg_index i where i.indrelid = '${probe.table}'::regclass`;
    return (await readJson<{ signature: string }>(probe.client, sql))[0]?.signature ?? '';
  }).catch(explained({ table }));
  const concurrently = isPartitioned ? '' : 'concurrently ';
  return {
    ...{ kind: 'index', name: 'create index', table, index, isUnique, body, signature, isPartitioned },
    undo: [`drop index ${concurrently}if exists ${quoteQualified({ schema: table.schema, name: index })}`],
  };
}
