import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { FUNCTION_SUBJECT, isOwn, mentions } from '../diagnosis/own-functions.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { unexamined } from '../diagnosis/relations.js';
import { isOpen, type RoleTable, TABLES_OF_ROLE } from '../diagnosis/role-tables.js';

interface Run {
  readonly oid: string;
  readonly subject: string;
  readonly caller: string | null;
}

/** An owner of SECURITY DEFINER functions that the application can run, or sets off by one that it can. */
interface Row {
  readonly owner: string;
  readonly functions: readonly { readonly oid: string; readonly subject: string; readonly identifier: string }[];
  /** Every function that these or others set off, and what called it; null where the application does. */
  readonly runs: readonly Run[];
  /** A superuser, or with BYPASSRLS. */
  readonly exempt: boolean;
  readonly tables: readonly RoleTable[];
}

/** True when the role may do what fires a trigger of the type `type`, on the table `relation`. */
const mayFire = (role: string, relation: string, type: string) => `(
  (${type} & 4 <> 0 and has_any_column_privilege(${role}, ${relation}, 'INSERT'))
  or (${type} & 16 <> 0 and has_any_column_privilege(${role}, ${relation}, 'UPDATE'))
  or (${type} & 8 <> 0 and has_table_privilege(${role}, ${relation}, 'DELETE'))
  or (${type} & 32 <> 0 and has_table_privilege(${role}, ${relation}, 'TRUNCATE'))
)`;

/**
 * True when the application can set off the trigger `t`: by a right to what fires it, or without any right, by the action of a foreign key
 * or through a view or rule, which write as their owner.
 */
const IS_FIRED = `(
  exists (
    select from part cross join reach
    where part.trigger = t.oid and ${mayFire('reach.oid', 'part.relation', 't.tgtype')}
  )
  or exists (
    select from pg_constraint k
    where k.conrelid = t.tgrelid and k.contype = 'f' and (k.confupdtype in ('c', 'n', 'd') or k.confdeltype in ('c', 'n', 'd'))
  )
  or exists (
    select from pg_depend d
    join pg_rewrite w on w.oid = d.objid
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = t.tgrelid
      and w.ev_class <> t.tgrelid
  )
)`;

/** G8: a SECURITY DEFINER function reads and writes as its owner, whom the policies may not hold. */
export const securityDefiner = catalogRule<Row>({
  name: 'security-definer',
  severity: 'advice',
  // A default, a check, an operator or a cast runs its function without asking for the schema; a trigger without asking for
  // EXECUTE, and an aggregate asks for its owner. What came with an extension does not know the application's tables.
  sql: `
    with recursive ${REACHABLE_ROLES},
    runs(oid) as (
      select f.oid
      from pg_proc f
      where f.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
        and exists (select from reach where has_function_privilege(reach.oid, f.oid, 'EXECUTE'))
    ),
    -- The table of a trigger, and those that it is a part of.
    part(trigger, relation) as (
      select oid, tgrelid from pg_trigger where tgenabled <> 'D'
      union
      select part.trigger, i.inhparent from part join pg_inherits i on i.inhrelid = part.relation
    ),
    definer as (
      select f.oid, f.proowner
      from pg_proc f
      join pg_namespace s on s.oid = f.pronamespace
      where f.prosecdef and ${isOwn('f', 's')}
        and (
          f.oid in (select oid from runs)
          or exists (
            select from pg_trigger t
            where t.tgfoid = f.oid and t.tgenabled <> 'D' and ${IS_FIRED}
          )
          or exists (
            select from pg_aggregate a
            where a.aggfnoid::oid in (select oid from runs)
              and f.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
          )
        )
    ),
    own as materialized (
      select f.oid, f.proname, f.prosrc, f.prorettype
      from pg_proc f
      join pg_namespace s on s.oid = f.pronamespace
      where ${isOwn('f', 's')}
    ),
    -- What a body names, all of them at once: pair by pair, a catalog of thousands takes minutes.
    word as materialized (
      select distinct own.oid, word from own cross join lateral regexp_split_to_table(lower(own.prosrc), '\\W+') word
    ),
    mention as materialized (${mentions('pg_proc', 'own', 'proname')} union ${mentions('pg_class', 'pg_class', 'relname')}),
    -- By its name, or by what a body does to a table that it names.
    call as materialized (
      select mention.oid as caller, own.oid as callee, null::oid as relation, null::int as type
      from mention
      join own on own.oid = mention.named
      where mention.catalog = 'pg_proc'::regclass and own.prorettype <> 'trigger'::regtype
      union
      select mention.oid, own.oid, part.relation, t.tgtype
      from mention
      join part on part.relation = mention.named
      join pg_trigger t on t.oid = part.trigger and not t.tgisinternal
      join own on own.oid = t.tgfoid
      where mention.catalog = 'pg_class'::regclass
    ),
    -- What they set off in turn, as whom, and by which function.
    run(oid, role, caller) as (
      select oid, proowner, null::oid from definer
      union
      select g.oid, case when g.prosecdef then g.proowner else run.role end, run.oid
      from run
      join call on call.caller = run.oid and call.callee <> run.oid
      join pg_proc g on g.oid = call.callee
      where case when call.relation is null
          then has_function_privilege(run.role, g.oid, 'EXECUTE')
          else ${mayFire('run.role', 'call.relation', 'call.type')}
        end
    )
    select r.rolname as owner, r.rolsuper or r.rolbypassrls as exempt,
      (
        select json_agg(json_build_object(
          'oid', f.oid,
          'subject', ${FUNCTION_SUBJECT},
          'identifier', case f.prokind when 'p' then 'procedure' else 'function' end ||
            format(' %I.%I(%s)', s.nspname, f.proname, pg_get_function_identity_arguments(f.oid))
        ))
        from pg_proc f
        join pg_namespace s on s.oid = f.pronamespace
        where f.prosecdef and f.proowner = r.oid and f.oid in (select oid from run)
      ) as functions,
      (
        select json_agg(json_build_object('oid', f.oid, 'subject', ${FUNCTION_SUBJECT}, 'caller', run.caller))
        from run
        join pg_proc f using (oid)
        join pg_namespace s on s.oid = f.pronamespace
      ) as runs,
      ${TABLES_OF_ROLE} as tables
    from pg_roles r
    where r.oid in (select f.proowner from run join pg_proc f using (oid) where f.prosecdef)`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose({ owner, functions, runs, exempt, tables }, { setting }): Diagnosis[] {
    const open = tables.filter((table) => isOpen(table, setting));
    const owned = tables.find((table) => table.owned);
    if (!exempt && open.length === 0 && !owned) return [];
    const why = exempt
      ? 'to whom policies do not apply, so it reads and writes the rows of every tenant'
      : open[0]
        ? `whom no policy of ${open[0].subject} holds to one tenant, so it reads and writes the rows of every tenant`
        : `who may TRUNCATE ${owned?.subject} or take its policies away, so what it does besides reading and writing rows is done to every tenant`;
    return functions.map(({ oid, subject, identifier }) => ({
      subject,
      message: `the function runs as ${owner}, ${why}.${chainTo(oid, runs)}`,
      fix: `alter ${identifier} security invoker`,
    }));
  },
});

/** By what the application reaches a function that it cannot run itself: the shortest way. */
function chainTo(oid: string, runs: readonly Run[]): string {
  const ways = runs.filter(({ caller }) => caller === null).map((run) => [run]);
  const seen = new Set(ways.map(([run]) => run?.oid));
  for (const way of ways) {
    const last = way.at(-1) as Run;
    if (last.oid === oid) {
      if (way.length === 1) return '';
      return ` The application cannot run it itself, but by way of what names it: ${way.map(({ subject }) => subject).join(', then ')}.`;
    }
    for (const next of runs.filter(({ caller }) => caller === last.oid)) {
      if (seen.has(next.oid)) continue;
      seen.add(next.oid);
      ways.push([...way, next]);
    }
  }
  return '';
}
