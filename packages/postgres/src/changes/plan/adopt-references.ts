import type { ClientBase } from 'pg';
import { doBlock, quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { type ForeignKey, isSame, isWithout, readForeignKeys, twinName } from './key-catalog.js';
import type { Step, TableName } from './step.js';

/** The foreign keys of a table to tables of tenants, each of which is exchanged for one with the tenant. */
export interface AdoptReferences {
  readonly kind: 'adopt references';
  readonly table: TableName;
  readonly column: string;
  readonly targets: readonly { readonly table: TableName; readonly column: string }[];
}

/** O31: the new one holds new rows at once and those that are there when it is validated; then the old one goes. */
export async function adoptReferencesSteps(client: ClientBase, change: AdoptReferences): Promise<Step[]> {
  const { table, column, targets } = change;
  const keys = await readForeignKeys(client, table);
  return keys.flatMap((key) => {
    const target = targets.find((one) => isSame(one.table, key.references));
    return target && isWithout(column, key.columns) ? exchanged(table, column, key, target.column) : [];
  });
}

function exchanged(table: TableName, column: string, key: ForeignKey, tenant: string): Step[] {
  const alter = `alter table ${quoteQualified(table)}`;
  const [old, name] = [quoteIdentifier(key.name), quoteIdentifier(twinName(key.name))];
  const step = { kind: 'statement', table, isExclusive: true, undo: [] } as const;
  const add =
    `${alter} add constraint ${name} foreign key (${list([column, ...key.columns])}) ` +
    `references ${quoteQualified(key.references)} (${list([tenant, ...key.referenced])})` +
    ` on delete ${onDelete(key)} on update ${key.onUpdate}${key.deferrable} not valid`;
  const commented =
    key.comment === null
      ? []
      : [`comment on constraint ${name} on ${quoteQualified(table)} is ${quoteLiteral(key.comment)}`];
  const back = [
    `IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = ${quoteLiteral(quoteQualified(table))}::regclass AND conname = ${quoteLiteral(key.name)}) THEN`,
    `  ${alter} add constraint ${old} ${key.definition.replace(/ NOT VALID$/, '')} not valid;`,
    'END IF;',
  ];
  return [
    {
      ...{ ...step, name: `foreign key ${twinName(key.name)}, not valid`, sql: [add, ...commented] },
      undo: [`${alter} drop constraint if exists ${name}`],
    },
    {
      ...{ ...step, name: `validate ${twinName(key.name)}`, isExclusive: false },
      sql: [`${alter} validate constraint ${name}`],
    },
    {
      ...{ ...step, name: `drop foreign key ${key.name}`, sql: [`${alter} drop constraint if exists ${old}`] },
      undo: [doBlock(['BEGIN', ...back, 'END'].join('\n'))],
    },
  ];
}

/** The tenant stays when the row that is referred to goes. */
function onDelete({ onDelete: action, onDeleteColumns, columns }: ForeignKey): string {
  if (action !== 'set null' && action !== 'set default') return action;
  return `${action} (${list(onDeleteColumns.length > 0 ? onDeleteColumns : columns)})`;
}

function list(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ');
}
