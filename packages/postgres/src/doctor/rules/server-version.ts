import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { ADVISED_FIXES, OLDEST_MAJOR, REQUIRED_FIXES, type RowSecurityFix } from '../diagnosis/row-security-fixes.js';

interface Row {
  readonly version: number;
}

const sql = `select current_setting('server_version_num')::int as version`;

/** The server enforces policies as published: it has the fixes without which ordinary statements see hidden rows. */
export const serverVersion = catalogRule<Row>({
  name: 'server-version',
  severity: 'error',
  sql,
  diagnose: ({ version }): Diagnosis[] =>
    Math.trunc(version / 10_000) < OLDEST_MAJOR
      ? [
          {
            subject: 'server',
            message:
              `PostgreSQL ${spoken(version)} has no views that run as their caller, so a view shows the rows of ` +
              'every tenant.',
            fix: `upgrade to PostgreSQL ${OLDEST_MAJOR} or later`,
          },
        ]
      : missing(version, REQUIRED_FIXES),
});

/** The server has the later fixes too, which matter once somebody can write SQL of their own. */
export const serverUpdates = catalogRule<Row>({
  name: 'server-updates',
  severity: 'advice',
  sql,
  diagnose: ({ version }): Diagnosis[] => missing(version, ADVISED_FIXES),
});

/** One finding for all fixes that are missing: one upgrade brings them all. */
export function missing(version: number, fixes: readonly RowSecurityFix[]): Diagnosis[] {
  const [major, minor] = [Math.trunc(version / 10_000), version % 10_000];
  const open = fixes.filter(({ fixedIn }) => minor < (fixedIn[major] ?? 0));
  if (open.length === 0) return [];
  const needed = Math.max(...open.map(({ fixedIn }) => fixedIn[major] ?? 0));
  return [
    {
      subject: 'server',
      message:
        `PostgreSQL ${spoken(version)} lacks fixes of row-level security: ` +
        `${open.map(({ cve, fault }) => `${cve} (${fault})`).join(', ')}.`,
      fix: `update to PostgreSQL ${major}.${needed} or later`,
    },
  ];
}

function spoken(version: number): string {
  return `${Math.trunc(version / 10_000)}.${version % 10_000}`;
}
