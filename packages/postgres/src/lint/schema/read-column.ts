import type { SyntaxTree } from '../../parser/parse-sql.js';
import { type ColumnType, columnType, isSerial, storedType } from '../sql/column-type.js';
import { type NamedNode, namedAt, node, nodes, strings, text } from '../sql/nodes.js';
import type { Column } from './table.js';

/** A column as `ColumnDef` defines it. */
export interface DefinedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly constraints: readonly SyntaxTree[];
  readonly default: NamedNode | undefined;
  readonly isNotNull: boolean;
  readonly isSerial: boolean;
  readonly isIdentity: boolean;
  /** True for GENERATED … STORED. */
  readonly isStored: boolean;
  /** True for a column that is computed when it is read. */
  readonly isVirtual: boolean;
}

/** The column that a `ColumnDef` defines. */
export function readColumn(definition: SyntaxTree): DefinedColumn {
  const constraints = nodes(definition, 'constraints').map(({ tree }) => tree);
  const one = (kind: string) => constraints.find((tree) => text(tree, 'contype') === kind);
  const type = columnType(node(definition, 'typeName'));
  const generated = one('CONSTR_GENERATED');
  const given = one('CONSTR_DEFAULT');
  const value = given && namedAt(given, 'raw_expr');
  return {
    name: text(definition, 'colname') ?? '',
    type,
    constraints,
    default: value && !isNull(value) ? value : undefined,
    isNotNull: Boolean(one('CONSTR_NOTNULL') ?? one('CONSTR_PRIMARY') ?? one('CONSTR_IDENTITY')) || isSerial(type),
    isSerial: isSerial(type),
    isIdentity: one('CONSTR_IDENTITY') !== undefined,
    isStored: generated !== undefined && text(generated, 'generated_kind') === 's',
    isVirtual: generated !== undefined && text(generated, 'generated_kind') === 'v',
  };
}

/** The column as the model keeps it. */
export function keptColumn(defined: DefinedColumn): Column {
  return {
    name: defined.name,
    type: storedType(defined.type),
    isNotNull: defined.isNotNull,
    isGenerated:
      defined.isSerial || defined.isIdentity || (defined.default !== undefined && fillsItself(defined.default)),
  };
}

/** True for a default of a sequence. */
export function fillsItself({ kind, tree }: NamedNode): boolean {
  return kind === 'FuncCall' && strings(tree, 'funcname').at(-1) === 'nextval';
}

function isNull({ kind, tree }: NamedNode): boolean {
  return (kind === 'A_Const' && tree['isnull'] === true) || (kind === 'TypeCast' && isNull(namedAt(tree, 'arg')));
}
