/** True when a function of a schema is the application's own. What came with an extension does not know its tables. */
export const isOwn = (f: string, s: string) => `(
  ${s}.nspname not in ('pg_catalog', 'information_schema')
  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = ${f}.oid and d.deptype = 'e')
)`;

/** True when the body of the function `f` names an object: as PostgreSQL parsed it, or as a word of its text. */
export const namesIn = (catalog: string, oid: string, name: string) => `(
  case when ${name} ~ '^\\w+$' then f.prosrc ~* ('\\m' || ${name} || '\\M') else position(${name} in f.prosrc) > 0 end
  or exists (
    select from pg_depend d
    where d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.refclassid = '${catalog}'::regclass and d.refobjid = ${oid}
  )
)`;

/**
 * Answers {@link namesIn} for all functions at once: rows of function, catalog and object. `own` are the functions, `word` the words
 * of their bodies in lower case.
 */
export const mentions = (catalog: string, objects: string, name: string) => `
  select word.oid, '${catalog}'::regclass as catalog, o.oid as named
  from word
  join ${objects} o on lower(o.${name}) = word.word
  union
  select own.oid, '${catalog}'::regclass, o.oid
  from own
  join ${objects} o on o.${name} !~ '^\\w+$' and position(o.${name} in own.prosrc) > 0
  union
  select d.objid, '${catalog}'::regclass, d.refobjid
  from pg_depend d
  where d.classid = 'pg_proc'::regclass and d.refclassid = '${catalog}'::regclass
`;

export const FUNCTION_SUBJECT = `s.nspname || '.' || f.proname || '(' || pg_get_function_identity_arguments(f.oid) || ')'`;

/** The text of the function `f` without literals, quoted names and comments, and without the FROM and USING that are no clauses. */
const CODE = `regexp_replace(
  regexp_replace(
    regexp_replace(
      coalesce(pg_get_function_sqlbody(f.oid), f.prosrc),
      '"([^"]|"")*"|''([^'']|'''')*''|--[^\\n]*|/\\*([^*]|\\*+[^*/])*\\*+/', ' ', 'g'
    ),
    '(\\mraise\\M[^;]*?)\\musing\\M', '\\1', 'gi'
  ),
  '\\mdistinct\\s+from\\M|\\m(extract|substring|trim|overlay)\\s*\\([^()]*', ' ', 'gi'
)`;

/**
 * True when the text of the function `f`, whose language is `l`, shows that it reads no table and writes none but by INSERT. What it calls
 * besides is not looked into. Escapes and dollar quotes hide where a literal ends; what reads a table is told by FROM, TABLE or USING.
 */
export const READS_NO_TABLE = `(
  l.lanname in ('sql', 'plpgsql')
  and f.prosrc !~ '(^|\\W)[eE]''|\\$\\D'
  and ${CODE} !~* '\\m(from|using|table|update|delete|merge|execute|truncate|copy|create|alter|drop|grant|revoke|import|set|reset|\\w+_to_xml\\w*|ts_stat|ts_rewrite|dblink\\w*)\\M'
  and not (${CODE} ~* '\\minsert\\M' and exists (
    select from pg_class c where c.relkind in ('v', 'f') and ${namesIn('pg_class', 'c.oid', 'c.relname')}
  ))
)`;
