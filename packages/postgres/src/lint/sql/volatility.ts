import { nodesOf } from '../../parser/walk.js';
import { type NamedNode, strings } from './nodes.js';

/**
 * PostgreSQL's own functions that people write into defaults and that return one value within a statement, so that a new column needs
 * no new copy of the table. Everything that is not listed is taken for volatile, as PostgreSQL takes a function that says nothing.
 */
export const STEADY_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'now transaction_timestamp statement_timestamp current_setting current_schema current_database current_user session_user ' +
    'lower upper initcap btrim ltrim rtrim concat concat_ws format left right lpad rpad repeat replace reverse split_part ' +
    'substr substring strpos position length char_length octet_length translate md5 sha256 sha512 encode decode chr ascii ' +
    'abs ceil ceiling floor round trunc mod power sqrt sign ' +
    'to_char to_date to_number to_timestamp date_trunc date_part extract age make_date make_time make_timestamp make_timestamptz ' +
    'make_interval timezone justify_days justify_hours to_json to_jsonb json_build_object jsonb_build_object json_build_array ' +
    'jsonb_build_array jsonb_set array_append array_prepend array_cat array_length array_to_string string_to_array array_fill ' +
    'cardinality int4range int8range numrange tsrange tstzrange daterange lower_inc upper_inc txid_current_if_assigned ' +
    'to_tsvector to_tsquery plainto_tsquery setweight point box circle row_to_json hashtext inet_client_addr'
  ).split(' '),
);

/** Functions of an expression that may return another value for each row, by their names. */
export function volatileCalls(
  expression: NamedNode,
  isKnownSteady: (name: string) => boolean = () => false,
): readonly string[] {
  return [...nodesOf({ [expression.kind]: expression.tree })]
    .filter(({ kind }) => kind === 'FuncCall')
    .map(({ tree }) => strings(tree, 'funcname').filter((part) => part !== 'pg_catalog'))
    .filter(
      (parts) => !(parts.length === 1 && STEADY_FUNCTIONS.has(parts[0] as string)) && !isKnownSteady(parts.join('.')),
    )
    .map((parts) => parts.join('.'));
}
