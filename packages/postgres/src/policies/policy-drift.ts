import { requireQueryable } from '../errors/require-arguments.js';
import type { CatalogConnection } from './catalog-connection.js';
import { COMPILE_AGAIN, drift, type PolicyDrift } from './drift.js';
import { type LivePolicy, type LiveRelation, readPolicyCatalog } from './policy-catalog.js';
import type { CompilePoliciesOptions } from './policy-options.js';
import { quoteIdentifier, quoteQualified } from './quoting.js';
import { describeRelation, type Relation, resolvePolicyOptions } from './resolve-policy-options.js';
import { rightsDrift, tableDrift, tableMissing, truncateDrift } from './table-drift.js';

/**
 * Compares a live database with what `compilePolicies` makes of the same options: the conditions themselves, not their
 * comments. Five catalog queries for any number of tables; an
 * empty list means that nothing differs.
 *
 * @throws TenantFloorError `floor_misconfigured` as `compilePolicies` does.
 *
 * @example
 * ```ts
 * import { policyDrift } from '@tenancy/postgres';
 * import { Client } from 'pg';
 *
 * const client = new Client('postgres://localhost/app');
 * await client.connect();
 * for (const { message } of await policyDrift(client, { role: 'app', tables: [{ name: 'job' }] })) {
 *   console.error(message);
 * }
 * ```
 */
export async function policyDrift(
  connection: CatalogConnection,
  options: CompilePoliciesOptions,
): Promise<readonly PolicyDrift[]> {
  requireQueryable('policyDrift', connection);
  const resolved = resolvePolicyOptions(options);
  const { missingRoles, relations, policies, temporary, unclassified } = await readPolicyCatalog(connection, resolved);
  const byName = new Map(relations.map((relation) => [quoteQualified(relation), relation]));
  const found = (wanted: Relation) => byName.get(quoteQualified(wanted));
  const policiesOf = new Map<string, LivePolicy[]>();
  for (const policy of policies) {
    const key = quoteQualified(policy);
    policiesOf.set(key, [...(policiesOf.get(key) ?? []), policy]);
  }
  return [
    ...missingRoles.map(({ name }) => roleMissing(name)),
    ...temporary.map(({ name }) => temporaryGranted(name)),
    ...resolved.tables.flatMap((table) =>
      tableDrift(table, found(table), policiesOf.get(quoteQualified(table)) ?? [], resolved),
    ),
    ...resolved.shared.flatMap((table) => sharedTableDrift(table, found(table))),
    ...resolved.views.flatMap((view) => viewDrift(view, found(view))),
    ...resolved.hidden.flatMap((table) => hiddenDrift(table, found(table))),
    ...unclassified.map(unclassifiedDrift),
  ];
}

function roleMissing(name: string): PolicyDrift {
  return drift(
    'role_missing',
    { schema: '', name },
    `the role ${quoteIdentifier(name)} does not exist. ${COMPILE_AGAIN}`,
  );
}

function temporaryGranted(name: string): PolicyDrift {
  return drift(
    'temporary_granted',
    { schema: '', name },
    `the role ${quoteIdentifier(name)} may create temporary tables, which the next tenant on its connection finds. ${COMPILE_AGAIN} ` +
      'If the role is a superuser or has the right through another role, end that first.',
  );
}

function sharedTableDrift(
  table: Relation & { readonly writable: boolean },
  live: LiveRelation | undefined,
): PolicyDrift[] {
  // A view in its place would read with the rights of its owner.
  if (!live?.kind || (live.kind === 'v' && !live.fromExtension)) return [tableMissing(table)];
  return [...rightsDrift(live, table.writable ? 'write' : 'read'), ...truncateDrift(live)];
}

function hiddenDrift(table: Relation, live: LiveRelation | undefined): PolicyDrift[] {
  // What is not there cannot be seen: a tool may make its record of migrations later.
  return (live?.readers ?? []).map((role) =>
    drift(
      'hidden_reachable',
      table,
      `the role ${quoteIdentifier(role)} may read or write ${describeRelation(table)}, which is hidden from it. ` +
        `${COMPILE_AGAIN} If the role is a superuser or has the right through another role, end that first.`,
    ),
  );
}

function viewDrift(view: Relation, live: LiveRelation | undefined): PolicyDrift[] {
  const subject = describeRelation(view);
  if (live?.kind !== 'v') {
    return [drift('view_missing', view, `there is no view ${subject}. Create it, or remove it from the options.`)];
  }
  if (live.securityInvoker) return [];
  const message = `the view ${subject} reads with the rights of its owner, past every policy (G7). ${COMPILE_AGAIN}`;
  return [drift('view_runs_as_owner', view, message)];
}

function unclassifiedDrift(relation: Relation): PolicyDrift {
  const message =
    `${describeRelation(relation)} can be reached by the application and is not named in the options, so nothing holds ` +
    'its rows apart (G7). Name it in tables, shared, views or hidden and run the SQL again, or revoke the rights on it.';
  return drift('unclassified', relation, message);
}
