/** An index as the catalog has it, without its name and its table's, as a text that SQL makes of the row `i` of `pg_index`. */
export function indexSignature(i: string): string {
  return `jsonb_build_object(
    'unique', ${i}.indisunique, 'method', (select a.amname from pg_class x join pg_am a on a.oid = x.relam where x.oid = ${i}.indexrelid),
    'keys', (select jsonb_agg(pg_get_indexdef(${i}.indexrelid, n, true) order by n) from generate_series(1, ${i}.indnatts) n),
    'count', ${i}.indnkeyatts, 'options', ${i}.indoption::text, 'collations', ${i}.indcollation::text, 'classes', ${i}.indclass::text,
    'where', pg_get_expr(${i}.indpred, ${i}.indrelid), 'nulls', ${i}.indnullsnotdistinct)::text`;
}
