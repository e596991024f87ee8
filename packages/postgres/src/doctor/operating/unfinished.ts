import { readRows } from '../../policies/read-rows.js';
import { LEDGER } from '../../policies/relation-catalog.js';
import type { Queryable } from '../diagnosis/rule.js';
import type { OperatingFinding, OperatingRule } from './operating-rule.js';

interface Source {
  readonly table: string;
  /** Answers `subject` and `said`. */
  readonly sql: string;
  readonly fix: string;
}

const SOURCES: readonly Source[] = [
  {
    table: LEDGER,
    sql: `select case when target = '' then 'the database' else 'schema ' || target end || ', migration ' || name as subject,
        case when failure is null then 'was begun outside of a transaction and not finished' else 'failed' end as said
      from ${LEDGER} where failure is not null or begun order by target, name limit 50`,
    fix: '-- tenancy migrate --only-failed, when the migration is corrected; `tenancy migrate status` says why it failed',
  },
  {
    table: 'public.tenancy_changes',
    sql: `select 'change ' || name as subject, 'is ' || state || ' after ' || step || ' of ' || jsonb_array_length(steps) || ' steps' as said
      from public.tenancy_changes where state in ('running', 'failed') and updated_at < now() - interval '10 minutes' order by name`,
    fix: '-- run the same change again, which goes on where it was, or `tenancy change abandon`',
  },
];

/** Work of this library's own that was cut off, and that somebody has to finish. */
export const unfinished: OperatingRule = {
  name: 'unfinished',
  async examine(connection) {
    const found: OperatingFinding[] = [];
    for (const source of SOURCES) found.push(...(await examine(connection, source)));
    return found;
  },
};

async function examine(connection: Queryable, { table, sql, fix }: Source): Promise<readonly OperatingFinding[]> {
  const [there] = (await readRows(
    connection,
    `select coalesce(has_table_privilege(to_regclass('${table}'), 'select'), false) as readable`,
  )) as {
    readonly readable: boolean;
  }[];
  if (!there?.readable) return [];
  const rows = (await readRows(connection, sql)) as { readonly subject: string; readonly said: string }[];
  return rows.map(({ subject, said }) => ({
    rule: 'unfinished',
    severity: 'advice',
    subject,
    message: `it ${said}.`,
    fix,
  }));
}
