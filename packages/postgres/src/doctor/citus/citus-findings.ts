import type { Finding } from '../diagnosis/rule.js';
import type { CitusTable } from './citus-tables.js';

/** The name of a rule about distributing a database by tenant. */
export type CitusRuleName =
  | 'citus-keys'
  | 'citus-references'
  | 'citus-tenant-column'
  | 'citus-tables'
  | 'citus-triggers'
  | 'citus-floor'
  | 'citus-queries';

/** A finding about distributing a database: an `error` refuses it, and `advice` makes it slow or asks for care. */
export type CitusFinding = Omit<Finding, 'rule'> & { readonly rule: CitusRuleName };

/** Faults of tables, each alone and against the others. Facts are those of Citus' documentation on creating distributed tables. */
export function tableFindings(tables: readonly CitusTable[]): readonly CitusFinding[] {
  const types = new Map<string, string[]>();
  for (const { type, subject } of tables) if (type !== null) types.set(type, [...(types.get(type) ?? []), subject]);
  const usual = [...types].sort(([, one], [, other]) => other.length - one.length)[0]?.[0];
  return tables.flatMap((table) => [
    ...keys(table),
    ...references(table),
    ...tenantColumn(table, usual),
    ...others(table),
  ]);
}

function keys({ subject, identifier, tenant, keys }: CitusTable): CitusFinding[] {
  return keys.map(({ name, columns, kind }) => ({
    rule: 'citus-keys',
    severity: 'error',
    subject,
    message: `its ${kind} ${name} does not contain the tenant. Uniqueness is held within a shard alone, so Citus refuses it.`,
    fix: newKey(identifier, tenant as string, name, columns, kind),
  }));
}

function newKey(
  identifier: string,
  tenant: string,
  name: string,
  columns: readonly string[],
  kind: CitusTable['keys'][number]['kind'],
): string {
  const all = [tenant, ...columns].join(', ');
  if (kind === 'exclusion') return `-- make ${tenant} with = the first part of the exclusion ${name} of ${identifier}`;
  if (kind === 'unique index') {
    return `create unique index concurrently on ${identifier} (${all});\ndrop index concurrently ${schemaOf(identifier)}${name};`;
  }
  return (
    `-- on a table that is in use: \`tenancy adopt\`, stage keys\n` +
    `alter table ${identifier} drop constraint ${name} cascade, add ${kind} (${all});`
  );
}

/** The schema of a qualified name, with its dot: an index is in that of its table. */
function schemaOf(identifier: string): string {
  return /^(?:"(?:[^"]|"")*"|[^."]+)\./.exec(identifier)?.[0] ?? '';
}

function references({ subject, identifier, tenant, references }: CitusTable): CitusFinding[] {
  return references.flatMap(
    ({ name, to, columns, others, hasTenant, isTenants, onDelete, definition }): CitusFinding[] => {
      if (tenant === null && isTenants) {
        return [
          {
            rule: 'citus-references',
            severity: 'error',
            subject,
            message: `it is everybody's, and its foreign key ${name} refers to ${to}, which would be distributed. Citus refuses such a reference.`,
            fix: `-- give ${identifier} the column of the tenant, or:\nalter table ${identifier} drop constraint ${name};`,
          },
        ];
      }
      if (tenant === null || !isTenants) return [];
      if (hasTenant && CHANGES_TENANT.test(definition)) {
        return [
          {
            rule: 'citus-references',
            severity: 'error',
            subject,
            message: `its foreign key ${name} to ${to} sets columns of the referring row, of which the tenant is one. Citus refuses that, also where SET NULL names another column.`,
            fix: `-- set them in the application:\nalter table ${identifier} drop constraint ${name};`,
          },
        ];
      }
      if (hasTenant) return [];
      return [
        {
          rule: 'citus-references',
          severity: 'error',
          subject,
          message: `its foreign key ${name} to ${to} does not contain the tenant, so both rows may lie on different nodes. Citus refuses it.`,
          fix:
            `-- with the tenant in a unique key of ${to}\nalter table ${identifier} drop constraint ${name}, ` +
            `add constraint ${name} foreign key (${[tenant, ...columns].join(', ')}) references ${to} (${[tenant, ...others].join(', ')})${onDelete};`,
        },
      ];
    },
  );
}

/** Actions that would change the tenant of a row that refers, which Citus refuses: `on delete set null` also where it names another column. */
const CHANGES_TENANT = /on (?:delete set (?:null|default)|update (?:cascade|set (?:null|default)))/i;

function tenantColumn(
  { subject, identifier, tenant, type, isNullable, isGenerated }: CitusTable,
  usual?: string,
): CitusFinding[] {
  if (tenant === null) return [];
  const found: CitusFinding[] = [];
  if (type !== usual) {
    found.push({
      rule: 'citus-tenant-column',
      severity: 'error',
      subject,
      message: `its ${tenant} is ${type}, and that of most tables is ${usual}. Tables are kept together by the same type alone, and joins need that.`,
      fix: `-- \`tenancy change\`: the type of ${tenant} of ${identifier} to ${usual}`,
    });
  }
  if (isGenerated) {
    found.push({
      rule: 'citus-tenant-column',
      severity: 'error',
      subject,
      message: `its ${tenant} is generated from other columns, and Citus distributes by no such column.`,
      fix: `alter table ${identifier} alter column ${tenant} drop expression;`,
    });
  }
  if (isNullable) {
    found.push({
      rule: 'citus-tenant-column',
      severity: 'error',
      subject,
      message: `its ${tenant} may be NULL. A row without a value of the distribution column has no shard, and Citus refuses it.`,
      fix: `alter table ${identifier} alter column ${tenant} set not null;`,
    });
  }
  return found;
}

function others({ subject, identifier, triggers, isInherited }: CitusTable): CitusFinding[] {
  const found: CitusFinding[] = [];
  if (isInherited) {
    found.push({
      rule: 'citus-tables',
      severity: 'error',
      subject,
      message: 'it takes part in inheritance, which Citus does not distribute. Partitions are distributed.',
      fix: `-- make ${identifier} a partitioned table, or a table of its own`,
    });
  }
  if (triggers.length > 0) {
    found.push({
      rule: 'citus-triggers',
      severity: 'error',
      subject,
      message: `it has the triggers ${triggers.join(', ')}. Citus refuses them on distributed tables unless \`citus.enable_unsafe_triggers\` is on.`,
      fix: `-- do in the application what they do, or set citus.enable_unsafe_triggers when they touch rows of the same tenant alone`,
    });
  }
  return found;
}

/** The floor does not hold on Citus' nodes; seen on Citus 13.0.5, by `test/doctor/citus-cluster.test.ts`. */
export function floorFindings(tables: readonly CitusTable[]): readonly CitusFinding[] {
  if (!tables.some(({ tenant }) => tenant !== null)) return [];
  return [
    {
      rule: 'citus-floor',
      severity: 'error',
      subject: 'the policies',
      message:
        'on the nodes they hold nobody. Citus copies them without AS RESTRICTIVE, so the one that gives access shows every row to everybody; and a node knows a ' +
        'setting only where SET LOCAL has set it in a transaction, with `citus.propagate_set_commands`, and not what `set_config` has set. A tenant pool does ' +
        'not start over tables that are distributed (`distributed-tables`). Besides, a query that leaves the tenant to the policy asks every shard.',
      fix: '-- tenants on several servers (`placedIsolation`, `tenancy move`) keep the policies; Citus leaves only the scope of @tenancy/prisma or @tenancy/typeorm',
    },
  ];
}
