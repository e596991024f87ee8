import type { Tenant } from '@tenancy/core';

export const tenants = ['acme', 'globex', 'initech'].map((slug): Tenant => ({ id: `t_${slug}`, slug }));
/** The tenants whose operations are compared; the third is only looked at. */
export const actors = tenants.slice(0, 2);

/** The rows of one tenant: `next` is the tenant that some of them refer to, as no database without the tenant in its keys forbids. */
function rowsOf({ id: tenantId, slug }: Tenant, next: Tenant): Readonly<Record<string, readonly Row[]>> {
  const own = (kind: string, n: number) => `${slug}-${kind}-${n}`;
  const foreign = (kind: string, n: number) => `${next.slug}-${kind}-${n}`;
  return {
    Office: [1, 2].map((n) => ({
      tenantId,
      id: own('office', n),
      city: `city ${n} ${slug}`,
      countryCode: n === 1 ? 'CH' : 'AT',
    })),
    Job: [1, 2, 3].map((n) => ({
      tenantId,
      id: own('job', n),
      title: `title ${n % 2} ${slug}`,
      salary: n === 3 ? null : n * 100,
      open: n !== 2,
      officeId: n === 3 ? null : own('office', n),
    })),
    Tag: [1, 2].map((n) => ({ tenantId, id: own('tag', n), label: `label ${n} ${slug}` })),
    _JobToTag: [
      { A: own('job', 1), B: own('tag', 1) },
      { A: own('job', 1), B: own('tag', 2) },
      { A: own('job', 2), B: own('tag', 1) },
      // P20
      { A: own('job', 2), B: foreign('tag', 2) },
    ],
    Candidate: [1, 2, 3, 4].map((n) => ({
      tenantId,
      id: own('candidate', n),
      name: `name ${n} ${slug}`,
      score: n % 3,
      // P6: a required relation that leads to another tenant.
      jobId: n === 4 ? foreign('job', 1) : own('job', n < 3 ? 1 : 2),
      refereeId: n === 2 ? own('candidate', 1) : n === 3 ? foreign('candidate', 1) : null,
    })),
    Profile: [1, 2].map((n) => ({
      tenantId,
      id: own('profile', n),
      bio: n === 1 ? `bio ${slug}` : null,
      candidateId: n === 1 ? own('candidate', 1) : foreign('candidate', 2),
    })),
    Note: [1, 2, 3].map((n) => ({
      tenantId,
      id: own('note', n),
      text: `text ${n} ${slug}`,
      aboutId: n === 3 ? foreign('candidate', 3) : own('candidate', n),
      authorId: n === 1 ? own('candidate', 3) : n === 2 ? foreign('candidate', 2) : null,
    })),
  };
}

export type Row = Readonly<Record<string, unknown>>;
export type Rows = Readonly<Record<string, readonly Row[]>>;

const ownRows = tenants.map((tenant, index) => ({ tenant, rows: rowsOf(tenant, tenants[(index + 1) % 3] as Tenant) }));
const Country = ['CH', 'AT', 'IT'].map((code) => ({ code, name: `country ${code}` }));

/** In an order in which none refers to a table that follows. */
export const TABLES = ['Country', 'Office', 'Job', 'Tag', '_JobToTag', 'Candidate', 'Profile', 'Note'] as const;

/** Everything, or what a database of this tenant alone would hold: its own rows, and links that one end of is its own. */
export function initialRows(only?: Tenant): Rows {
  const of = (table: string) => ownRows.flatMap(({ rows }) => rows[table] ?? []);
  return Object.fromEntries(
    TABLES.map((table) => [table, table === 'Country' ? Country : of(table).filter((row) => !only || isOf(only, row))]),
  );
}

/** True when a row is the tenant's: of the join table, when one end of it is. */
export function isOf({ id, slug }: Tenant, row: Row): boolean {
  if ('tenantId' in row) return row['tenantId'] === id;
  return 'code' in row || [row['A'], row['B']].some((end) => String(end).startsWith(`${slug}-`));
}

/** The statements that put the rows back as they were. */
export function seedStatements(rows: Rows): readonly string[] {
  const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));
  return [
    ...[...TABLES].reverse().map((table) => `delete from "${table}"`),
    ...TABLES.map((table) => {
      const all = rows[table] as readonly Row[];
      const columns = Object.keys(all[0] as Row);
      const values = all.map((row) => `(${columns.map((column) => literal(row[column])).join(', ')})`);
      return `insert into "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) values ${values.join(', ')}`;
    }),
  ];
}
