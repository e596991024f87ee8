import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { isOwn, namesIn, READS_NO_TABLE } from '../diagnosis/own-functions.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { unexamined } from '../diagnosis/relations.js';
import { isOpen, type RoleTable, TABLES_OF_ROLE } from '../diagnosis/role-tables.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly owner: string;
  /** A superuser, or with BYPASSRLS. */
  readonly exempt: boolean;
  /** `trigger set_count`, the check or the default that calls the function. */
  readonly caller: string;
  /** An AFTER trigger: the action is over, and with it what lifts forced policies off the owner. */
  readonly after: boolean;
  readonly referenced: string;
  readonly constraint: string;
  /** The constraint without its actions. */
  readonly definition: string;
  readonly tables: readonly RoleTable[];
}

/** True when the foreign key `k` changes or deletes rows with those that are `changed`. */
const ACTS = `case when changed.deleted then k.confdeltype else k.confupdtype end in ('c', 'n', 'd')`;

/** The triggers, checks and defaults of the table `k.conrelid` that call the function `oid` when the key acts on it. */
const CALLERS = `
  select d.refobjid as oid, 'trigger ' || quote_ident(t.tgname) as caller, t.tgtype & 66 = 0 as after
  from pg_trigger t
  join pg_depend d on d.classid = 'pg_trigger'::regclass and d.objid = t.oid and d.refclassid = 'pg_proc'::regclass
  where t.tgrelid = k.conrelid and not t.tgisinternal and t.tgenabled not in ('D', 'R')
    and (
      case when changed.deleted and k.confdeltype = 'c' then t.tgtype & 8 <> 0
      else t.tgtype & 16 <> 0 and (t.tgattr = '' or t.tgattr::int2[] && k.conkey or exists (
        select from pg_attribute a where a.attrelid = t.tgrelid and a.attnum = any(t.tgattr) and a.attgenerated <> ''
      )) end
      -- A row that is changed may move to another partition.
      or (t.tgtype & 12 <> 0 and not (changed.deleted and k.confdeltype = 'c') and exists (
        select from pg_class c where c.oid = t.tgrelid and (c.relispartition or c.relkind = 'p')
      ))
    )
    -- Before PostgreSQL 18 an AFTER trigger runs as whoever made the statement; only its condition is asked before.
    and not (t.tgtype & 66 = 0 and d.refobjid = t.tgfoid and current_setting('server_version_num')::int < 180000)
  union all
  select d.refobjid, 'check ' || quote_ident(o.conname), false
  from pg_constraint o
  join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = o.oid and d.refclassid = 'pg_proc'::regclass
  where o.conrelid = k.conrelid and o.contype = 'c' and not (changed.deleted and k.confdeltype = 'c')
  union all
  select d.refobjid, 'default of ' || quote_ident(a.attname), false
  from pg_attrdef o
  join pg_attribute a on a.attrelid = o.adrelid and a.attnum = o.adnum
  join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = o.oid and d.refclassid = 'pg_proc'::regclass
  where o.adrelid = k.conrelid and not (changed.deleted and k.confdeltype = 'c')
    and (a.attgenerated <> '' or (a.attnum = any(k.conkey) and 'd' in (k.confdeltype, k.confupdtype)))`;

/**
 * G5: the action of a foreign key is carried out as the owner of the referencing table, and with forced policies off. What that table
 * calls meanwhile, its triggers above all, runs so too, with nothing in its text that tells.
 */
export const cascadeTriggers = catalogRule<Row>({
  name: 'cascade-triggers',
  severity: 'error',
  // A SECURITY DEFINER function runs as its own owner here as anywhere, which is another rule's finding.
  sql: `
    with recursive ${REACHABLE_ROLES},
    -- What the application can change rows of, by its rights or by what they bring about.
    changed(oid, deleted) as (
      select c.oid, event.deleted
      from pg_class c
      cross join (values (true), (false)) event(deleted)
      where c.relkind in ('r', 'p', 'v') and exists (
        select from reach
        where case when event.deleted then has_table_privilege(reach.oid, c.oid, 'DELETE')
          else has_any_column_privilege(reach.oid, c.oid, 'UPDATE') end
      )
      union
      select next.oid, next.deleted
      from changed
      cross join lateral (
        select k.conrelid as oid, changed.deleted and k.confdeltype = 'c' as deleted
        from pg_constraint k
        where k.contype = 'f' and k.confrelid = changed.oid and ${ACTS}
        union all
        select i.inhrelid, changed.deleted from pg_inherits i where i.inhparent = changed.oid
        union all
        select d.refobjid, event.deleted
        from pg_rewrite w
        join pg_class v on v.oid = w.ev_class
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
        cross join (values (true), (false)) event(deleted)
        where w.ev_class = changed.oid and d.refobjid <> changed.oid and not (w.rulename = '_RETURN' and coalesce((
          select option_value::boolean from pg_options_to_table(v.reloptions) where option_name = 'security_invoker'
        ), false))
      ) next
    ),
    called as (
      select distinct k.oid as key, caller.*
      from changed
      join pg_constraint k on k.contype = 'f' and k.confrelid = changed.oid and ${ACTS}
      cross join lateral (${CALLERS}) caller
    ),
    -- What such a function sets off in turn.
    run(first, oid) as (
      select distinct called.oid, called.oid from called
      union
      select run.first, g.oid
      from run
      join pg_proc f on f.oid = run.oid and not f.prosecdef
      join pg_proc g on g.oid <> f.oid
      join pg_namespace gs on gs.oid = g.pronamespace
      where ${isOwn('g', 'gs')} and (
        ${namesIn('pg_proc', 'g.oid', 'g.proname')}
        or exists (select from pg_operator o where o.oprcode = g.oid and position(o.oprname in f.prosrc) > 0)
        or exists (select from pg_cast o where o.castfunc = g.oid)
        or exists (
          select from pg_trigger t join pg_class c on c.oid = t.tgrelid
          where t.tgfoid = g.oid and not t.tgisinternal and t.tgenabled not in ('D', 'R') and ${namesIn('pg_class', 'c.oid', 'c.relname')}
        )
      )
    )
    select distinct on (top.oid, called.caller)
      n.nspname || '.' || c.relname as subject, format('%I.%I', n.nspname, c.relname) as identifier,
      r.rolname as owner, r.rolsuper or r.rolbypassrls as exempt, called.caller, called.after,
      other_schema.nspname || '.' || other.relname as referenced, quote_ident(top.conname) as constraint,
      regexp_replace(pg_get_constraintdef(top.oid),
        ' ON (UPDATE|DELETE) (CASCADE|SET NULL|SET DEFAULT)( \\([^)]*\\))?', '', 'g') as definition,
      ${TABLES_OF_ROLE} as tables
    from called
    cross join lateral (
      with recursive up(oid) as (
        select called.key union select k.conparentid from up join pg_constraint k on k.oid = up.oid where k.conparentid <> 0
      )
      select k.* from up join pg_constraint k using (oid) where k.conparentid = 0
    ) top
    join pg_class c on c.oid = top.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_roles r on r.oid = c.relowner
    join pg_class other on other.oid = top.confrelid
    join pg_namespace other_schema on other_schema.oid = other.relnamespace
    where exists (
      select from run
      join pg_proc f on f.oid = run.oid
      join pg_namespace s on s.oid = f.pronamespace
      join pg_language l on l.oid = f.prolang
      where run.first = called.oid and ${isOwn('f', 's')} and not f.prosecdef and not ${READS_NO_TABLE}
    )
    order by top.oid, called.caller, called.after`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose({ subject, identifier, owner, exempt, tables, ...row }, { setting }): Diagnosis[] {
    if (!exempt && !tables.some((table) => isOpen(table, setting) || (table.owned && !row.after))) return [];
    return [
      {
        subject,
        message:
          `PostgreSQL carries out the action of its foreign key ${row.constraint} to ${row.referenced} as ${owner}, past the policies, and ` +
          `what its ${row.caller} calls runs so too: it reads and writes the rows of every tenant.`,
        fix:
          `alter table ${identifier} drop constraint ${row.constraint}, add constraint ${row.constraint} ${row.definition} ` +
          '-- and have the application change or delete these rows itself, before the others',
      },
    ];
  },
});
