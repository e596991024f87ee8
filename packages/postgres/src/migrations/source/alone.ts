import type { ClientBase } from 'pg';
import { FINALIZE, isOutsideTransactions, partitionCommand } from '../../parser/outside-transactions.js';
import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import { namesOf } from '../../parser/walk.js';
import { quoteIdentifier } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { MigrationError } from '../outcome/migration-error.js';

/** A statement outside of every transaction: its outcome is read from the catalog, whatever became of the runner. */
export interface Alone {
  /**
   * Undoes what a try before has left half done.
   *
   * @param isOurs - true where this step was begun before, so that an outcome is its own
   * @returns true when nothing is left to do
   */
  prepare(client: ClientBase, isOurs: boolean): Promise<boolean>;
}

/** Statements that run by themselves and may run again. */
const AGAIN: Alone = { prepare: async () => false };

/** How a statement is kept track of that cannot be in a transaction; `null` for one that can. */
export function aloneStep(file: string, statement: ParsedStatement): Alone | null {
  if (!isOutsideTransactions(statement)) return null;
  const { kind, tree } = statement;
  switch (kind) {
    case 'IndexStmt':
      return createdIndex(file, statement);
    case 'DropStmt':
      return droppedIndex(tree);
    case 'ReindexStmt':
      return reindexed(tree);
    case 'AlterTableStmt':
      return detachedPartition(tree);
    default:
      return AGAIN;
  }
}

interface RangeVar {
  readonly schemaname?: string;
  readonly relname: string;
}

function createdIndex(file: string, { tree, line }: ParsedStatement): Alone {
  const name = tree['idxname'];
  if (typeof name !== 'string') {
    throw new MigrationError(
      'migration_refused',
      `${file}, line ${line}: an index that is made CONCURRENTLY needs a name here, by which a run that was interrupted finds it again. Name it.`,
    );
  }
  const index: RangeVar = { ...schemaOf(tree['relation'] as RangeVar), relname: name };
  return {
    async prepare(client, isOurs) {
      const isValid = await indexState(client, index);
      if (isValid === null) return false;
      // Left by a try that was cut off: IF NOT EXISTS would take it for the index.
      if (!isValid) await client.query(`drop index concurrently ${quoted(index)}`);
      return isValid && isOurs;
    },
  };
}

function droppedIndex(tree: SyntaxTree): Alone {
  const names = (tree['objects'] as { readonly List: { readonly items: unknown } }[]).map(({ List: { items } }) =>
    namesOf(items),
  );
  return {
    async prepare(client, isOurs) {
      if (!isOurs) return false;
      const left = await Promise.all(names.map((parts) => indexState(client, rangeOf(parts))));
      return left.every((state) => state === null);
    },
  };
}

/** An index that PostgreSQL itself was rebuilding beside the old one stays behind, invalid, under a name of its own. */
function reindexed(tree: SyntaxTree): Alone {
  const relation = tree['relation'] as RangeVar | undefined;
  return {
    async prepare(client) {
      const rows = await ask<'name'>(
        client,
        `select format('%I.%I', n.nspname, c.relname) as name
        from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
        where not i.indisvalid and c.relname ~ '_ccnew[0-9]*$' and n.nspname = any (current_schemas(false))
          and i.indrelid = coalesce((select o.indrelid from pg_index o where o.indexrelid = to_regclass($1)), to_regclass($1), i.indrelid)`,
        [relation ? quoted(relation) : null],
      );
      for (const { name } of rows) await client.query(`drop index concurrently ${name}`);
      return false;
    },
  };
}

function detachedPartition(tree: SyntaxTree): Alone {
  const { subtype, partition } = partitionCommand(tree);
  if (subtype === FINALIZE) return AGAIN;
  const [parent, child] = [tree['relation'] as RangeVar, partition?.['name'] as RangeVar];
  return {
    async prepare(client, isOurs) {
      const rows = await ask<'pending'>(
        client,
        'select inhdetachpending as pending from pg_inherits where inhrelid = to_regclass($1) and inhparent = to_regclass($2)',
        [quoted(child), quoted(parent)],
      );
      if (rows[0]?.pending !== 't') return isOurs && rows.length === 0;
      await client.query(`alter table ${quoted(parent)} detach partition ${quoted(child)} finalize`);
      return true;
    },
  };
}

/** True or false for an index that is there, `null` for none. */
async function indexState(client: ClientBase, index: RangeVar): Promise<boolean | null> {
  const [found] = await ask<'valid'>(
    client,
    'select i.indisvalid and i.indisready as valid from pg_index i where i.indexrelid = to_regclass($1)',
    [quoted(index)],
  );
  return found ? found.valid === 't' : null;
}

function schemaOf({ schemaname }: RangeVar): { readonly schemaname?: string } {
  return schemaname === undefined ? {} : { schemaname };
}

function rangeOf(parts: readonly string[]): RangeVar {
  const [relname = '', schemaname] = [...parts].reverse();
  return schemaname === undefined ? { relname } : { schemaname, relname };
}

function quoted({ schemaname, relname }: RangeVar): string {
  return [...(schemaname === undefined ? [] : [schemaname]), relname].map(quoteIdentifier).join('.');
}
