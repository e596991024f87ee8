import type { Entry, Table } from './entries.js';

const INTRODUCTION = `# What TypeORM can do, and what becomes of it under the scope

Every public method of these classes of TypeORM 1.x and 0.3, every option of their calls and every option of an entity, as the
installed packages have them, under [@tenancy/typeorm](../packages/typeorm) without the floor. This page is written by the tests that
walk them (\`packages/typeorm/test/enumeration\`): what a later TypeORM adds fails them until it is one of these.

- **scoped**: called for two tenants on PostgreSQL and SQLite. Own rows appear or change; the other tenant's do not, also when the
  call is aimed at them, while the same call without the scope does reach them.
- **refused**: called, and refused with a typed error; no row changes.
- **harmless**: reads and changes no row, for the reason given.
`;

/** The tables, for people. */
export function pageOf(tables: Readonly<Record<string, Table>>): string {
  const sections = Object.entries(tables).map(([name, table]) => {
    const entries = Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
    const of = (is: Entry['is']) => entries.filter(([, entry]) => entry.is === is).map(named);
    const lines = [];
    if (of('scoped').length > 0) lines.push(`Scoped: ${of('scoped').join(', ')}.`);
    if (of('refused').length > 0) lines.push(`Refused: ${of('refused').join(', ')}.`);
    const harmless = grouped(entries.filter(([, { is }]) => is === 'harmless'));
    if (harmless.length > 0) lines.push(`Harmless:\n\n${harmless.join('\n')}`);
    return `## ${name}\n\n${lines.join('\n\n')}\n`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

function named([method, { version, database }]: readonly [string, Entry]): string {
  const limits = [version, database].filter(Boolean).join(', ');
  return `\`${method}\`${limits ? ` (${limits})` : ''}`;
}

/** One line for each reason. */
function grouped(entries: readonly (readonly [string, Entry])[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const entry of entries) {
    const why = entry[1].why ?? '';
    reasons.set(why, [...(reasons.get(why) ?? []), named(entry)]);
  }
  return [...reasons].map(([why, methods]) => `- ${methods.join(', ')}: ${why}.`);
}
