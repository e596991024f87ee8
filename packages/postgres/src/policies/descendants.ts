/** A recursive table expression `part(top, oid)`: every table that another inherits to, at any depth, partitions included. */
export const PARTS = `part(top, oid) as (
  select inhparent, inhrelid from pg_catalog.pg_inherits
  union
  select part.top, i.inhrelid from part join pg_catalog.pg_inherits i on i.inhparent = part.oid
)`;

/** True when the relation `c` has the column, or policies. */
export function holdsTenant(column: string): string {
  return `(c.relrowsecurity or exists (
    select from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.attname = ${column} and a.attnum > 0 and not a.attisdropped
  ))`;
}
