import { readRows } from '../../policies/read-rows.js';
import type { Queryable } from '../diagnosis/rule.js';
import type { CitusFinding } from './citus-findings.js';
import type { CitusTable } from './citus-tables.js';

interface Statement {
  readonly id: string;
  readonly calls: number;
  readonly query: string;
}

/** Statements of the most calls that are looked at. */
const MOST = 500;

/**
 * Queries that name a tenant's table and not its tenant column: each of them would ask every shard. They are those that `pg_stat_statements` has seen,
 * whose constants are not in them; without it nothing is known, which is a finding too.
 */
export async function queryFindings(
  connection: Queryable,
  tables: readonly CitusTable[],
): Promise<readonly CitusFinding[]> {
  const [there] = (await readRows(
    connection,
    `select format('%I.pg_stat_statements', n.nspname) as view from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'pg_stat_statements'`,
  )) as readonly { readonly view: string }[];
  const statements = there ? await seen(connection, there.view) : null;
  if (statements === null) {
    return [
      {
        rule: 'citus-queries',
        severity: 'advice',
        subject: 'pg_stat_statements',
        message: 'it is not here, so it is unknown which queries leave out the tenant and would ask every shard.',
        fix: "-- in postgresql.conf: shared_preload_libraries = 'pg_stat_statements'; restart, then\ncreate extension pg_stat_statements;",
      },
    ];
  }
  const tenants = tables.filter(({ tenant }) => tenant !== null);
  return statements.flatMap(({ id, calls, query }): CitusFinding[] => {
    const without = tenants.filter(
      ({ subject, tenant }) => names(query, subject) && !mentions(query, tenant as string),
    );
    if (without.length === 0) return [];
    return [
      {
        rule: 'citus-queries',
        severity: 'advice',
        subject: `query ${id}`,
        message: `it names ${without.map(({ subject }) => subject).join(', ')} without the tenant and was called ${calls} times; each call would ask every shard: ${shortened(query)}`,
        fix: '-- let the scope of the ORM adapter write the tenant into it, or compare the tenant column with a parameter',
      },
    ];
  });
}

async function seen(connection: Queryable, view: string): Promise<readonly Statement[] | null> {
  try {
    const rows = await readRows(
      connection,
      // Of utility statements the constants are kept.
      `select queryid::text as id, sum(calls)::bigint as calls, min(query) as query from ${view}
        where dbid = (select oid from pg_database where datname = current_database())
          and query ~* '^\\s*(select|insert|update|delete|merge|with)\\M'
        group by queryid order by 2 desc limit ${MOST}`,
    );
    return rows as readonly Statement[];
  } catch {
    // Installed, and not loaded by the server.
    return null;
  }
}

function names(query: string, subject: string): boolean {
  return mentions(query, subject.slice(subject.indexOf('.') + 1));
}

/** True where `name` stands in the text as a word, whatever quotes it. */
function mentions(query: string, name: string): boolean {
  const word = name.replace(/^"|"$/g, '').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w$])${word}(?![\\w$])`, 'i').test(query);
}

function shortened(query: string): string {
  const line = query.replaceAll(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 117)}…` : line;
}
