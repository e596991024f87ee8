import type { ParsedStatement, SyntaxTree } from './parse-sql.js';

/** Statements about databases, tablespaces and the server, which PostgreSQL takes in no transaction. */
const ALWAYS: ReadonlySet<string> = new Set([
  'CreatedbStmt',
  'DropdbStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterSystemStmt',
]);

const OF_ONE: ReadonlySet<unknown> = new Set(['REINDEX_OBJECT_TABLE', 'REINDEX_OBJECT_INDEX']);

/** True for a statement that PostgreSQL refuses inside a transaction, or that would wait there for all others with its locks held. */
export function isOutsideTransactions({ kind, tree }: Pick<ParsedStatement, 'kind' | 'tree'>): boolean {
  switch (kind) {
    case 'IndexStmt':
    case 'DropStmt':
      return tree['concurrent'] === true;
    case 'ReindexStmt':
      return isConcurrent(tree) || !OF_ONE.has(tree['kind']);
    case 'AlterTableStmt': {
      const { subtype, partition } = partitionCommand(tree);
      return partition?.['concurrent'] === true || subtype === FINALIZE;
    }
    case 'VacuumStmt':
      return tree['is_vacuumcmd'] === true;
    case 'ClusterStmt':
      return tree['relation'] === undefined;
    default:
      return ALWAYS.has(kind);
  }
}

/** The action of an ALTER TABLE that ends what a DETACH CONCURRENTLY has left half done. */
export const FINALIZE = 'AT_DetachPartitionFinalize';

/** The first action of an ALTER TABLE, and the partition that it is about; one about a partition is alone in its statement. */
export function partitionCommand(tree: SyntaxTree): {
  readonly subtype: unknown;
  readonly partition: SyntaxTree | undefined;
} {
  const [command] = (tree['cmds'] ?? []) as readonly { readonly AlterTableCmd: SyntaxTree }[];
  const { subtype, def } = command?.AlterTableCmd ?? {};
  return { subtype, partition: (def as { readonly PartitionCmd?: SyntaxTree } | undefined)?.PartitionCmd };
}

/** True where the option is there and not switched off. */
function isConcurrent(tree: SyntaxTree): boolean {
  const options = (tree['params'] ?? []) as readonly { readonly DefElem: SyntaxTree }[];
  const option = options.find(({ DefElem: { defname } }) => defname === 'concurrently')?.DefElem;
  return option !== undefined && !/"(?:off|false)"|\{"Integer":\{\}\}/.test(JSON.stringify(option['arg'] ?? ''));
}
