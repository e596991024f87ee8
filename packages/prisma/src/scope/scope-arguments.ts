import type { ScopedModel } from '../schema/model.js';
import type { Call, Filter } from './call.js';
import { guardDelete } from './dependents.js';
import { Guards } from './guards.js';
import type { Operation } from './operations.js';
import { refused, sharedWrite, upsertOfOthers } from './refusals.js';
import { ResultCheck } from './result-check.js';
import { argumentsIn, refuseNonObject, structure } from './structure.js';
import { NOTHING, notAll, related, withinTenant } from './tenant-filters.js';
import { andUnique, uniqueWhere } from './unique-where.js';

/** The arguments that a call may reach the database with. */
export interface ScopedCall {
  readonly args: Readonly<Record<string, unknown>>;
  /** Looked up before, in the same transaction. */
  readonly guards: Guards;
  /** Looked at afterwards, before the transaction ends. */
  readonly result: ResultCheck;
}

export interface CallSite {
  readonly model: ScopedModel;
  readonly operation: string;
  readonly tenantId: string;
  readonly hasFloor: boolean;
  readonly computed: ReadonlySet<string>;
  readonly forbidsUndefined: boolean;
}

/**
 * The caller's arguments within the tenant. Theirs are not changed.
 *
 * @throws `scope_refused` for what is not known to be safe, `tenant_conflict` for another tenant's name.
 */
export function scopeArguments(args: unknown, site: CallSite, { kind, rules }: Operation): ScopedCall {
  const guards = new Guards();
  const result = new ResultCheck(site.computed);
  const required: Filter[] = [];
  const call: Call & { known: Filter } = {
    ...site,
    guards,
    result,
    path: [],
    required,
    known: NOTHING,
    list: null,
    isUncertain: site.operation === 'upsert',
  };
  const { model } = call;
  if (kind !== 'read' && !model.isWritable) throw sharedWrite(call, model);
  if (args !== undefined) refuseNonObject(args, call, 'arguments');
  const given = new Map(argumentsIn(args, call, 'arguments'));
  for (const name of given.keys()) {
    if (!Object.hasOwn(rules, name)) throw refused(call, `its argument \`${name}\` is not known`, 'Leave it out.');
  }
  // Every rule runs, given or not: a `where` that is not there means every tenant's rows (P2).
  const entries: [string, unknown][] = [];
  for (const name of Object.keys(rules)) {
    const value = rules[name]?.(given.get(name), model, call, name);
    if (value !== undefined || (given.has(name) && given.get(name) === undefined)) entries.push([name, value]);
    if (name === 'where') call.known = (value ?? NOTHING) as Filter;
  }
  const scoped = structure(entries);
  if (kind === 'delete') guardDelete(model, call);
  const where = (scoped['where'] ?? {}) as Readonly<Record<string, unknown>>;
  const isUnique = rules['where'] === uniqueWhere;
  if (required.length > 0 && site.operation === 'upsert') {
    const others = andUnique(where, [notAll(required)]);
    guards.forbidden.push({ model, where: others, isUnique, isWide: false, ...upsertOfOthers(model, call) });
  } else if (required.length > 0) scoped['where'] = andUnique(where, required);
  for (const { of, condition, path, chain, ...reason } of guards.ofRows) {
    // What the call itself makes or links may come to the action: then every row of the tenant may be one that it comes to.
    if (kind === 'create' || [...path, ...chain].some((relation) => guards.linked.has(relation))) {
      guards.forbidden.push({
        model: of,
        where: withinTenant(of, call, condition),
        isUnique: false,
        isWide: true,
        ...reason,
      });
      continue;
    }
    const ofRoot = path.reduceRight(
      (below, relation) => related(relation, withinTenant(relation.to, call, below)),
      condition,
    );
    guards.forbidden.push({
      model,
      where: andUnique(where, [ofRoot]),
      isUnique,
      isWide: false,
      ...reason,
    });
  }
  for (const { model: of, where: unique, condition, ...reason } of guards.taken) {
    const isWide = guards.changed.has(of);
    const rows = isWide ? withinTenant(of, call, condition) : andUnique(unique, [condition]);
    guards.forbidden.push({ model: of, where: rows, isUnique: !isWide, isWide, ...reason });
  }
  return { args: scoped, guards, result };
}
