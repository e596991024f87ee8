import { catalogRule } from '../diagnosis/catalog-rule.js';
import { isNamedIn } from '../diagnosis/relations.js';

interface Row {
  readonly name: string;
  readonly list: 'schemas' | 'shared';
}

/** G7: a name that is misspelt classifies nothing, and what it was meant for goes unexamined. */
export const classification = catalogRule<Row>({
  name: 'classification',
  severity: 'error',
  sql: `
    select name, 'schemas' as list
    from unnest($1::text[]) name
    where not exists (select from pg_namespace where nspname = name)
    union all
    select name, 'shared'
    from unnest($2::text[]) name
    where not exists (
      select from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f')
        and (n.nspname || '.' || c.relname = name or (n.nspname = any($1::text[]) and ${isNamedIn('array[name]')}))
    )`,
  values: ({ schemas, shared }) => [schemas, shared],
  diagnose: ({ name, list }) => [
    {
      subject: name,
      message:
        list === 'schemas'
          ? 'the option `schemas` names a schema that this database does not have, so nothing is examined for it.'
          : 'the option `shared` names a table or view that the examined schemas do not have, so it classifies nothing.',
      fix: `correct the name in \`${list}\`, or remove it`,
    },
  ],
});
