import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';

/** The schema of what stands in a database for as long as a tenant is moved or deleted. It goes with the last of them. */
export const SCHEMA = 'tenancy_fence';

/** Names of what is made for one tenant. */
export interface FenceNames {
  readonly id: string;
  readonly fence: string;
  readonly log: string;
  readonly changes: string;
  /** Triggers of a table fire in the order of their names: these see what the others did to the row. */
  trigger(kind: 'fence' | 'log', event: string): string;
  /** The key of the lock that is the fence, as SQL. */
  readonly key: string;
  /** Lets the statements of this transaction through: the mover's own. */
  readonly pass: string;
}

export function fenceNames(tenant: string): FenceNames {
  const id = createHash('sha256').update(tenant).digest('hex').slice(0, 16);
  return {
    id,
    fence: quoteQualified({ schema: SCHEMA, name: `fence_${id}` }),
    log: quoteQualified({ schema: SCHEMA, name: `log_${id}` }),
    changes: quoteQualified({ schema: SCHEMA, name: `changes_${id}` }),
    trigger: (kind, event) => quoteIdentifier(`zzz_tenancy_${kind}_${id}_${event}`),
    key: `pg_catalog.hashtextextended(${quoteLiteral(`@tenancy fence ${tenant}`)}, 0)`,
    pass: `set local tenancy.fence_pass = ${quoteLiteral(id)}`,
  };
}
