import { AS_TEXT } from '../protocol/as-text.js';
import { encodeBinding } from '../protocol/binding.js';
import type { BoundClient } from './bound-client.js';
import type { StartFinding } from './start-check.js';

const ROUNDS = 8;

/**
 * Sends the queries of two made-up tenants, and one without a tenant, to the same server process in turn, on the way
 * that real queries take. It is what a pooler breaks that gives the messages of one query to two servers, or keeps a
 * setting for the next client.
 */
export async function examineTwoTenants(client: BoundClient, setting: string): Promise<readonly StartFinding[]> {
  const seenBy = new Map<string, Set<string | null>>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const tenant of ['tenancy check a', 'tenancy check b', null]) {
      client.hold(tenant ? { binding: encodeBinding([[setting, tenant]]), truncates: false } : 'setup');
      const asked = {
        text: "select nullif(current_setting($1, true), '') as tenant, pg_backend_pid() as process",
        values: [setting],
        types: AS_TEXT,
      };
      const { rows } = await client.asHolder(() => client.query(asked));
      const { tenant: seen, process } = rows[0] as { readonly tenant: string | null; readonly process: string };
      if (seen !== tenant)
        return [finding(tenant ? "a tenant's query ran without its own binding" : 'a binding stayed')];
      seenBy.set(process, (seenBy.get(process) ?? new Set()).add(tenant));
    }
  }
  const shared = [...seenBy.values()].some((tenants) => tenants.size === 3);
  return shared ? [] : [finding('two tenants could not be brought onto one server process, so nothing is proven')];
}

function finding(message: string): StartFinding {
  return {
    rule: 'two-tenants',
    severity: 'error',
    subject: 'the connection',
    message: `${message}. Something between here and PostgreSQL does not keep the messages of one query together.`,
    fix:
      'Connect without the pooler, or set it to transaction or session pooling (PgBouncer: pool_mode = transaction). Where a tenant was set ' +
      'for the session by somebody else, have it undone: server_reset_query_always = 1.',
  };
}
